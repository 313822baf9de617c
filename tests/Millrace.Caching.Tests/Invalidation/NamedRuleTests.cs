using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Millrace.Caching.Tests.Invalidation;

[Trait("req", "C-11")]
public sealed class NamedRuleTests
{
    private static readonly Dictionary<string, string?> Payments = new()
    {
        ["Millrace:Cache:Rules:0:event"] = "payment.succeeded",
        ["Millrace:Cache:Rules:0:keys:0"] = "payment:history:{userId}",
        ["Millrace:Cache:Rules:0:keys:1"] = "payment:recent:{userId}",
        ["Millrace:Cache:Rules:0:tags:0"] = "org:{org.id}",
        ["Millrace:Cache:Rules:0:patterns:0"] = "user:{userId}:*",
        ["Millrace:Cache:Rules:1:event"] = "payment.succeeded",
        ["Millrace:Cache:Rules:1:cache"] = "pages",
        ["Millrace:Cache:Rules:1:regions:0"] = "shop:{org.id}",
        ["Millrace:Cache:Rules:2:event"] = "catalogue.replaced",
        ["Millrace:Cache:Rules:2:everything"] = "true",
        ["Millrace:Cache:Rules:2:confirmed"] = "true",
    };

    public static TheoryData<string> Shapes => ["object", "dictionary", "json", "node", "document", "mixed case"];

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task An_event_of_any_shape_invalidates_what_the_configuration_says(string shape)
    {
        await using var provider = Services(Payments).BuildServiceProvider();
        var cache = provider.GetRequiredService<Cache>();
        var pages = provider.GetRequiredKeyedService<Cache>("pages");
        string[] keys = ["payment:history:42", "payment:history:43", "payment:recent:42", "user:42:profile", "user:421:profile", "user:4:profile"];
        foreach (var key in keys)
        {
            await cache.Read(key, "v");
        }

        await cache.Read("tagged", "v", "org:7");
        await pages.Read("shop:7:home", "v");
        await pages.Read("shop:70:home", "v");
        await pages.Read("payment:history:42", "v");

        const string Json = """{ "userId": 42, "org": { "id": "7" } }""";
        using var document = JsonDocument.Parse(Json);
        await pages.InvalidateAsync("Payment.Succeeded", shape switch
        {
            "object" => new { userId = 42, org = new { id = "7" } },
            "dictionary" => new Dictionary<string, object?> { ["userId"] = 42L, ["org"] = new Dictionary<string, string> { ["id"] = "7" } },
            "json" => document.RootElement,
            "node" => JsonNode.Parse(Json),
            "document" => document,
            _ => new { USERID = "42", Org = new SortedList<string, int> { ["ID"] = 7 } },
        });

        Assert.Equal(["payment:history:43", "user:421:profile", "user:4:profile"], Present(cache, [.. keys, "tagged"]));
        Assert.Equal(["shop:70:home", "payment:history:42"], Present(pages, "shop:7:home", "shop:70:home", "payment:history:42"));

        await cache.InvalidateAsync("catalogue.replaced", data: null);
        Assert.Empty(Present(cache, keys));
        Assert.NotEmpty(Present(pages, "shop:70:home"));
        await cache.InvalidateAsync("nobody.knows", new { userId = 1 });
    }

    [Fact]
    public async Task Rules_in_code_and_in_the_configuration_add_up()
    {
        var services = Services(Payments);
        services.AddMillraceCache().InvalidateOn("payment.succeeded", e => e.Key("bill:{billId}").Tag("bills").Pattern("bill:{billId}:*").Region("report:{billId}"));
        await using var provider = services.BuildServiceProvider();
        var preview = provider.GetRequiredService<Cache>().PreviewInvalidation("payment.succeeded", new { userId = 1, billId = 9, org = new { id = 2 } });
        Assert.Equal(["default", "pages"], preview.Caches.Select(target => target.Cache).Order(StringComparer.Ordinal));
        var target = preview.Caches.Single(target => target.Cache == "default");
        Assert.Equal(["bill:9", "payment:history:1", "payment:recent:1"], target.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["bills", "org:2"], target.Tags.Order(StringComparer.Ordinal));
        Assert.Equal(["bill:9:*", "report:9:*", "user:1:*"], target.Patterns.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_list_stands_for_each_of_its_elements()
    {
        await using var provider = Rules("order.shipped", e => e.Key("item:{items.id}").Key("pair:{items.id}:{users}:{items.id}").Tag("user:{users}"));
        var cache = provider.GetRequiredService<Cache>();
        var target = Assert.Single(cache.PreviewInvalidation("order.shipped", new { items = new[] { new { id = 1 }, new { id = 2 } }, users = new List<string> { "a", "b" } }).Caches);
        Assert.Equal(["item:1", "item:2", "pair:1:a:1", "pair:1:b:1", "pair:2:a:2", "pair:2:b:2"], target.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["user:a", "user:b"], target.Tags);
        var json = JsonElement.Parse("""{ "items": [{ "id": 1.50 }, { "id": true }, { "id": 1e3 }], "users": [] }""");
        target = Assert.Single(cache.PreviewInvalidation("order.shipped", json).Caches);
        Assert.Equal(["item:1.50", "item:1000", "item:True"], target.Keys.Order(StringComparer.Ordinal));
        Assert.Empty(target.Tags);

        var many = cache.PreviewInvalidation("order.shipped", new { items = Array.Empty<object>(), users = Enumerable.Range(0, 1001) });
        Assert.Contains("more than 1000 values", Assert.Single(many.Failures.Distinct(StringComparer.Ordinal), failure => failure.Contains("'user:{users}'", StringComparison.Ordinal)), StringComparison.Ordinal);
        many = cache.PreviewInvalidation("order.shipped", new { items = Enumerable.Range(0, 40).Select(id => new { id }), users = Enumerable.Range(0, 40) });
        Assert.Contains("more than 1000 names", Assert.Single(many.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*", "%2A")]
    [InlineData("42:*", "42%3A%2A")]
    [InlineData("4*", "4%2A")]
    [InlineData("{x}", "%7Bx%7D")]
    [InlineData("a\n", "a%0A")]
    public async Task A_value_can_neither_widen_a_pattern_nor_reach_into_another_key(string hostile, string written)
    {
        await using var provider = Rules("user.changed", e => e.Key("user:{id}").Pattern("user:{id}:*").Tag("user:{id}"));
        var cache = provider.GetRequiredService<Cache>();
        string[] keys = ["user:42", "user:42:a", "user:43:b", "user:4"];
        foreach (var key in keys)
        {
            await cache.Read(key, "v", "user:42");
        }

        var own = CacheKeys.Of("user").With<string, string>().Of(hostile, "profile");
        await cache.Read(own, "v");
        await cache.InvalidateAsync("user.changed", new { id = hostile });
        Assert.Equal(keys, Present(cache, [.. keys, own]));
        Assert.Equal([$"user:{written}:*"], cache.PreviewInvalidation("user.changed", new { id = hostile }).Caches[0].Patterns);
    }

    [Theory]
    [InlineData("{}", "the event has no 'userId' there")]
    [InlineData("""{ "userId": null }""", "it is null")]
    [InlineData("""{ "userId": "" }""", "it is empty")]
    [InlineData("""{ "userId": {} }""", "neither text nor a number")]
    [InlineData("""{ "userId": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]] }""", "more than 32 lists deep")]
    [InlineData("42", "the event has no 'userId' there")]
    public async Task A_missing_part_is_an_error_that_names_rule_part_and_event_after_all_else_is_invalid(string json, string why)
    {
        var services = Services(Payments);
        services.AddMillraceCache().InvalidateOn("payment.succeeded", e => e.Key("payments"));
        await using var provider = services.BuildServiceProvider();
        var cache = provider.GetRequiredService<Cache>();
        await cache.Read("payments", "v");
        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await cache.InvalidateAsync("payment.succeeded", JsonElement.Parse(json)));
        Assert.Contains("the rule for 'payment.succeeded' on cache 'default' (Millrace:Cache:Rules:0)", error.Message, StringComparison.Ordinal);
        Assert.Contains("'payment:history:{userId}' needs the part 'userId'", error.Message, StringComparison.Ordinal);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.False(cache.TryGet<string>("payments", out _));
    }

    [Fact]
    public async Task An_error_tells_nothing_of_what_the_event_holds()
    {
        await using var provider = Rules("user.changed", e => e.Key("user:{id}:{more.id}"));
        var cache = provider.GetRequiredService<Cache>();
        foreach (var data in new object[] { new { id = "s3cret", more = "s3cret" }, new { id = new string('s', 600) } })
        {
            var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await cache.InvalidateAsync("user.changed", data));
            Assert.DoesNotContain("s3cret", error.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("ssss", error.ToString(), StringComparison.Ordinal);
        }

        Assert.Equal("user.changed", new CacheEvent("user.changed", "s3cret").ToString());
    }

    [Fact]
    public async Task A_preview_invalidates_nothing_and_is_what_the_event_does()
    {
        await using var provider = Services(Payments).BuildServiceProvider();
        var cache = provider.GetRequiredService<Cache>();
        await cache.Read("payment:history:42", "v");
        var preview = cache.PreviewInvalidation(new CacheEvent("catalogue.replaced"));
        Assert.True(cache.TryGet<string>("payment:history:42", out _));
        var target = Assert.Single(preview.Caches);
        Assert.Equal(("catalogue.replaced", "default", true, true), (preview.Event, target.Cache, target.Everything, target.Confirmed));
        Assert.Empty(cache.PreviewInvalidation("nobody.knows", null).Caches);
        var failed = cache.PreviewInvalidation("payment.succeeded", new { userId = 42 });
        Assert.Equal(2, failed.Failures.Count);
        Assert.Equal(["payment:history:42", "payment:recent:42"], Assert.Single(failed.Caches).Keys);
        using var alone = new Cache();
        Assert.Empty(alone.PreviewInvalidation("payment.succeeded", null).Caches);
    }

    [Fact]
    public async Task Typed_rules_cover_patterns_and_regions_too()
    {
        var users = CacheKeys.Of("user").With<string, string>();
        var services = new ServiceCollection();
        services.AddMillraceCache().InvalidateOn<string>(e => e.Pattern(users.Under).Patterns(id => [$"feed:*:{id}"]).Region("trending").Confirmed());
        await using var provider = services.BuildServiceProvider();
        var cache = provider.GetRequiredService<Cache>();
        string[] keys = [users.Of("*", "profile"), users.Of("7", "profile"), "feed:today:*", "trending:today", "trending"];
        foreach (var key in keys)
        {
            await cache.Read(key, "v");
        }

        Assert.True(Assert.Single(cache.PreviewInvalidation("*").Caches).Confirmed);
        await cache.InvalidateAsync("*");
        Assert.Equal([users.Of("7", "profile"), "trending"], Present(cache, keys));
        Assert.Throws<ArgumentException>(() => services.AddMillraceCache().InvalidateOn<string>(e => e.Region("a*")));
    }

    [Theory]
    [InlineData("event", "", "Millrace:Cache:Rules:0:event is ''; the name of an event has 1 to 128 characters")]
    [InlineData("cache", "nowhere", "Millrace:Cache:Rules:0:cache is 'nowhere', which is not registered. Registered: default, pages.")]
    [InlineData("keys:0", "user:*", "Millrace:Cache:Rules:0:keys:0 is 'user:*'; it has a '*', and a key names one entry: put it under 'patterns'.")]
    [InlineData("keys:0", "user:{id", "Millrace:Cache:Rules:0:keys:0 is 'user:{id'; it has a brace that encloses no part")]
    [InlineData("keys:0", "user:{i d}", "encloses no part")]
    [InlineData("keys:0", "user:{a..b}", "encloses no part")]
    [InlineData("keys:0", "user:}", "encloses no part")]
    [InlineData("keys", "user:{id}", "Millrace:Cache:Rules:0:keys is 'user:{id}'; it is a list")]
    [InlineData("tags:0", "*", "Millrace:Cache:Rules:0:tags:0 is '*'; it stands for everything: say so with 'everything'.")]
    [InlineData("patterns:0", "*", "it covers everything: say so with 'everything'.")]
    [InlineData("patterns:0", "user:{id}", "it is no pattern: it needs 1 to 8 '*'")]
    [InlineData("patterns:0", "user:{id}*", "has a '*' next to a part")]
    [InlineData("patterns:0", "*{id}:x", "has a '*' next to a part")]
    [InlineData("patterns:0", "*********", "it is no pattern: it needs 1 to 8 '*'")]
    [InlineData("regions:0", "", "Millrace:Cache:Rules:0:regions:0")]
    [InlineData("everything", "maybe", "Millrace:Cache:Rules:0:everything is 'maybe'; it must be true or false.")]
    [InlineData("confirmed", "2", "Millrace:Cache:Rules:0:confirmed is '2'; it must be true or false.")]
    [InlineData("key:0", "user:1", "Millrace:Cache:Rules:0:key is not known: a rule has event, cache, keys")]
    [InlineData("everything", "false", "Millrace:Cache:Rules:0 invalidates nothing")]
    public async Task A_rule_that_cannot_work_stops_the_host_and_names_its_setting(string setting, string value, string message)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Millrace:Cache:Rules:0:event"] = "e", [$"Millrace:Cache:Rules:0:{setting}"] = value });
        if (setting is "event" or "cache")
        {
            builder.Configuration["Millrace:Cache:Rules:0:everything"] = "true";
        }

        builder.Services.AddMillraceCache();
        builder.Services.AddMillraceCache("pages");
        using var host = builder.Build();
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rule_in_code_that_cannot_work_is_refused_where_it_stands()
    {
        var cache = new ServiceCollection().AddMillraceCache();
        Assert.Contains("'user:{id}*' in the rule for 'e'", Assert.Throws<ArgumentException>(() => cache.InvalidateOn("e", e => e.Pattern("user:{id}*"))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => cache.InvalidateOn("e", _ => { }));
        Assert.Throws<ArgumentException>(() => cache.InvalidateOn(" ", e => e.Everything()));
        Assert.Throws<ArgumentException>(() => new CacheEvent(new string('e', 129)));
        Assert.Throws<ArgumentException>(() => cache.InvalidateOn("e", e => e.Key(string.Concat(Enumerable.Repeat("{a}", 17)))));
        Assert.Throws<ArgumentException>(() => cache.InvalidateOn("e", e => e.Key("{a.b.c.d.e.f.g.h.i}")));
        cache.InvalidateOn("e", e => e.Key("literal:{{x}}:{a.b.c.d.e.f.g.h}"));
    }

    [Fact]
    public async Task Doubled_braces_are_braces()
    {
        await using var provider = Rules("e", e => e.Key("set:{{x}}:{a}"));
        Assert.Equal(["set:{x}:1"], provider.GetRequiredService<Cache>().PreviewInvalidation("e", new { a = 1 }).Caches[0].Keys);
    }

    private static ServiceCollection Services(Dictionary<string, string?> settings)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddMillraceCache();
        services.AddMillraceCache("pages");
        return services;
    }

    private static ServiceProvider Rules(string eventName, Action<CacheEventRule> declare)
    {
        var services = new ServiceCollection();
        services.AddMillraceCache().InvalidateOn(eventName, declare);
        return services.BuildServiceProvider();
    }

    private static List<string> Present(Cache cache, params string[] keys) => [.. keys.Where(key => cache.TryGet<string>(key, out _))];
}
