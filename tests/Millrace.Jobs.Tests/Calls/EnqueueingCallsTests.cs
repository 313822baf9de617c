using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;

namespace Millrace.Jobs.Tests.Calls;

public sealed class EnqueueingCallsTests
{
    private static Task<(Engine Engine, PostboxScript Script)> ProducerAsync(Action<JobCalls>? calls = null, Action<JobsBuilder>? configure = null) =>
        CallEngine.StartAsync(calls, configure, static options => options.RunWorkers = false);

    [Fact, Trait("req", "J-02")]
    public async Task A_call_is_stored_under_the_registered_name_with_its_arguments_by_name()
    {
        var (engine, _) = await ProducerAsync();
        await using var _1 = engine;
        var to = "zoë@example.org";

        var id = await engine.Client.EnqueueAsync<IPostbox>(x => x.SendAsync(to, CancellationToken.None));

        Assert.Equal("post.Send", (await engine.GetAsync(id)).Type);
        Assert.Equal("""{"to":"zo\u00EB@example.org"}""", await engine.PayloadAsync(id));
    }

    [Fact, Trait("req", "J-02")]
    public async Task Methods_may_return_a_task_a_result_a_value_task_or_nothing()
    {
        var (engine, _) = await ProducerAsync();
        await using var _1 = engine;

        var ids = new[]
        {
            await engine.Client.EnqueueAsync<IPostbox>(x => x.SendAsync("a", default)),
            await engine.Client.EnqueueAsync<IPostbox>(x => x.DeliverAsync(new Letter("a", "b"), default)),
            await engine.Client.EnqueueAsync<IPostbox>(x => x.SendLaterAsync("a", DateTimeOffset.UnixEpoch)),
            await engine.Client.EnqueueAsync<IPostbox>(x => x.Drop(3)),
        };

        var types = new List<string>();
        foreach (var id in ids)
        {
            types.Add((await engine.GetAsync(id)).Type);
        }

        Assert.Equal(["post.Send", "post.Deliver", "post.SendLater", "post.Drop"], types);
    }

    [Fact, Trait("req", "J-02")]
    public async Task Tokens_and_contexts_are_never_stored_nor_looked_at()
    {
        var (engine, _) = await ProducerAsync();
        await using var _1 = engine;

        var id = await engine.Client.EnqueueAsync<IPostbox>(x => x.WithContextAsync(null!, "a", Fails<CancellationToken>(), Fails<CancellationToken>()));

        Assert.Equal("""{"to":"a"}""", await engine.PayloadAsync(id));
    }

    [Fact, Trait("req", "J-02")]
    public async Task The_enqueues_wish_goes_before_the_methods_defaults_and_those_before_the_interfaces()
    {
        var (engine, _) = await ProducerAsync(static calls => calls
            .Method(nameof(IPostbox.SendAsync), static call => call.Defaults(static job => (job.MaxAttempts, job.Priority) = (4, 2)))
            .Defaults(static job => (job.Queue, job.MaxAttempts, job.Timeout) = ("mail", 3, TimeSpan.FromMinutes(3))));
        await using var _1 = engine;

        var other = await engine.GetAsync(await engine.Client.EnqueueAsync<IPostbox>(x => x.Drop(1)));
        var plain = await engine.GetAsync(await engine.Client.EnqueueAsync<IPostbox>(x => x.SendAsync("a", default)));
        var special = await engine.GetAsync(await engine.Client.EnqueueAsync<IPostbox>(x => x.SendAsync("a", default), static o => o.Queue("fast").Priority(9).Tag("t")));

        Assert.Equal(("mail", 0, 3, TimeSpan.FromMinutes(3)), (other.Queue, other.Priority, other.MaxAttempts, other.Timeout));
        Assert.Equal(("mail", 2, 4, TimeSpan.FromMinutes(3)), (plain.Queue, plain.Priority, plain.MaxAttempts, plain.Timeout));
        Assert.Equal(("fast", 9, 4), (special.Queue, special.Priority, special.MaxAttempts));
        Assert.Equal(["t"], special.Tags);
    }

    [Fact, Trait("req", "J-02")]
    public async Task The_variable_of_a_loop_has_the_value_of_its_turn()
    {
        var (engine, _) = await ProducerAsync();
        await using var _1 = engine;
        var payloads = new List<string>();
        for (var n = 0; n < 3; n++)
        {
            payloads.Add(await engine.PayloadAsync(await engine.Client.EnqueueAsync<IPostbox>(x => x.Drop(n))));
        }

        foreach (var n in new[] { 7, 8 })
        {
            payloads.Add(await engine.PayloadAsync(await engine.Client.EnqueueAsync<IPostbox>(x => x.Drop(n))));
        }

        Assert.Equal(["""{"count":0}""", """{"count":1}""", """{"count":2}""", """{"count":7}""", """{"count":8}"""], payloads);
    }

    [Fact, Trait("req", "J-02")]
    public async Task Many_calls_are_enqueued_in_one_step_each_with_its_item()
    {
        var (engine, _) = await ProducerAsync();
        await using var _1 = engine;
        var letters = new[] { new Letter("ada", "1"), new Letter("grace", "2") };
        var domain = "example.org";

        var tasks = await engine.Client.EnqueueManyAsync<IPostbox, Letter>(letters, (x, letter) => x.SendAsync($"{letter.To}@{domain}", default), static o => o.Tag("t"));
        var values = await engine.Client.EnqueueManyAsync<IPostbox, Letter>(letters, (x, letter) => x.SendLaterAsync(letter.To, DateTimeOffset.UnixEpoch));
        var voids = await engine.Client.EnqueueManyAsync<IPostbox, Letter>(letters, (x, letter) => x.Drop(letter.Text.Length + 1));

        Assert.Equal("""{"to":"ada@example.org"}""", await engine.PayloadAsync(tasks[0]));
        Assert.Equal("""{"to":"grace@example.org"}""", await engine.PayloadAsync(tasks[1]));
        Assert.StartsWith("""{"to":"grace",""", await engine.PayloadAsync(values[1]), StringComparison.Ordinal);
        Assert.Equal("""{"count":2}""", await engine.PayloadAsync(voids[0]));
        Assert.Equal(2, (await engine.Client.ListAsync(new JobQuery { Tag = "t" })).Jobs.Count);
        Assert.Empty(await engine.Client.EnqueueManyAsync<IPostbox, int>([], (x, n) => x.Drop(n)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.EnqueueManyAsync<IPostbox, int>([.. Enumerable.Range(0, JobLimits.MaximumEnqueueBatch + 1)], (x, n) => x.Drop(n)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.EnqueueManyAsync<IPostbox, int>([1], (x, n) => x.Drop(n), static o => o.Id("x")));
    }

    [Fact, Trait("req", "J-02")]
    public async Task What_is_not_one_call_on_the_service_is_refused_with_what_is_allowed()
    {
        var (engine, _) = await ProducerAsync();
        await using var _1 = engine;
        var (other, choice) = (new Postbox(new PostboxScript()), true);
        Func<Task<string>>[] bad =
        [
            () => engine.Client.EnqueueAsync<IPostbox>(x => other.SendAsync("a", default)).AsTask(),
            () => engine.Client.EnqueueAsync<IPostbox>(x => Task.CompletedTask).AsTask(),
            () => engine.Client.EnqueueAsync<IPostbox>(x => x.SendAsync("a", default).WaitAsync(default(CancellationToken))).AsTask(),
            () => engine.Client.EnqueueAsync<IPostbox>(x => choice ? x.SendAsync("a", default) : x.SendAsync("b", default)).AsTask(),
            () => engine.Client.EnqueueAsync<IPostbox>(x => Extended(x)).AsTask(),
            () => engine.Client.EnqueueAsync<IPostbox>(x => Environment.Exit(1)).AsTask(),
        ];

        foreach (var enqueue in bad)
        {
            var error = await Assert.ThrowsAsync<ArgumentException>(enqueue);
            Assert.Contains("x => x.SendAsync(id, CancellationToken.None)", error.Message, StringComparison.Ordinal);
        }

        Assert.Empty((await engine.Client.ListAsync(new JobQuery())).Jobs);
    }

    [Fact, Trait("req", "J-02")]
    public async Task Arguments_cannot_use_the_service()
    {
        var (engine, _) = await ProducerAsync();
        await using var _1 = engine;

        var direct = await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.EnqueueAsync<IPostbox>(x => x.SendAsync(x.ToString()!, default)));
        var nested = await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.EnqueueAsync<IPostbox>(x => x.Drop(new[] { 1, 2 }.Count(n => n > x.GetHashCode()))));

        Assert.Contains("uses IPostbox itself", direct.Message, StringComparison.Ordinal);
        Assert.Contains("uses IPostbox itself", nested.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-02")]
    public async Task What_an_argument_throws_comes_through_and_nothing_is_stored()
    {
        var (engine, _) = await ProducerAsync();
        await using var _1 = engine;
        Letter? nobody = null;

        var direct = await Assert.ThrowsAsync<TimeZoneNotFoundException>(async () => await engine.Client.EnqueueAsync<IPostbox>(x => x.SendAsync(Fails<string>(), default)));
        var interpreted = await Assert.ThrowsAsync<TimeZoneNotFoundException>(async () => await engine.Client.EnqueueAsync<IPostbox>(x => x.SendAsync(Fails<string>() ?? "a", default)));
        var ofNull = await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.EnqueueAsync<IPostbox>(x => x.SendAsync(nobody!.To, default)));

        Assert.Equal(("mine", "mine"), (direct.Message, interpreted.Message));
        Assert.Contains("nobody is null", ofNull.Message, StringComparison.Ordinal);
        Assert.Empty((await engine.Client.ListAsync(new JobQuery())).Jobs);
    }

    [Fact, Trait("req", "J-02")]
    public async Task An_interface_that_is_not_registered_is_refused_with_the_remedy()
    {
        var (engine, _) = await ProducerAsync();
        await using var _1 = engine;

        var unknown = await Assert.ThrowsAsync<InvalidOperationException>(async () => await engine.Client.EnqueueAsync<IUnregistered>(x => x.RunAsync()));
        var implementation = await Assert.ThrowsAsync<InvalidOperationException>(async () => await engine.Client.EnqueueAsync<Postbox>(x => x.SendAsync("a", default)));
        var inherited = await Assert.ThrowsAsync<InvalidOperationException>(async () => await engine.Client.EnqueueAsync<IPostbox>(x => x.ToString()));

        Assert.Contains("AddCalls<IUnregistered>", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("AddCalls<Postbox>", implementation.Message, StringComparison.Ordinal);
        Assert.Contains("ToString", inherited.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-02")]
    public async Task Arguments_that_JSON_cannot_write_or_read_again_are_refused_when_they_are_enqueued()
    {
        var (engine, _) = await ProducerAsync(configure: static jobs => jobs.AddCalls<IOdd>("odd"));
        await using var _1 = engine;
        var circle = new Circle();
        circle.Self = circle;

        var unwritable = await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.EnqueueAsync<IOdd>(x => x.TypeAsync(typeof(string))));
        var endless = await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.EnqueueAsync<IOdd>(x => x.CircleAsync(circle)));
        var unreadable = await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.EnqueueAsync<IOdd>(x => x.ShapeAsync(new Square(3))));
        var readable = await engine.Client.EnqueueAsync<IOdd>(x => x.AnimalAsync(new Cat("Tom")));

        Assert.Contains("'type' of IOdd.TypeAsync", unwritable.Message, StringComparison.Ordinal);
        Assert.Contains("'circle' of IOdd.CircleAsync", endless.Message, StringComparison.Ordinal);
        Assert.Contains("JSON can write but not read", unreadable.Message, StringComparison.Ordinal);
        Assert.Equal("""{"animal":{"$type":"cat","name":"Tom"}}""", await engine.PayloadAsync(readable));
    }

    [Fact, Trait("req", "J-16")]
    public async Task A_payload_beyond_the_limit_is_refused_with_the_limit_named()
    {
        var (engine, _) = await CallEngine.StartAsync(options: static options => (options.RunWorkers, options.MaximumPayloadBytes) = (false, 100));
        await using var _1 = engine;
        var text = new string('x', 100);

        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await engine.Client.EnqueueAsync<IPostbox>(x => x.SendAsync(text, default)));

        Assert.Contains(nameof(JobsOptions.MaximumPayloadBytes), error.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("req", "J-02")]
    public async Task An_inherited_method_is_called_under_the_name_of_the_interface_that_is_registered()
    {
        var (engine, _) = await ProducerAsync(configure: static jobs => jobs.AddCalls<IOne>("one").AddCalls<ITwo>("two"));
        await using var _1 = engine;

        var one = await engine.GetAsync(await engine.Client.EnqueueAsync<IOne>(x => x.RunAsync()));
        var two = await engine.GetAsync(await engine.Client.EnqueueAsync<ITwo>(x => ((IUnregistered)x).RunAsync()));

        Assert.Equal(("one.Run", "two.Run"), (one.Type, two.Type));
    }

    [SuppressMessage("Performance", "CA1859", Justification = "An extension method on the interface is what is tested.")]
    private static Task Extended(IPostbox postbox) => postbox.SendAsync("a", default);

    private static T Fails<T>() => throw new TimeZoneNotFoundException("mine");

    private interface IUnregistered
    {
        Task RunAsync();
    }

    private interface IOne : IUnregistered;

    private interface ITwo : IUnregistered, IAsyncDisposable;

    private interface IOdd
    {
        Task TypeAsync(Type type);

        Task CircleAsync(Circle circle);

        Task ShapeAsync(IShape shape);

        Task AnimalAsync(Animal animal);
    }

    private interface IShape;

    private sealed record Square(int Side) : IShape;

    private sealed class Circle
    {
        public Circle? Self { get; set; }
    }

    [JsonDerivedType(typeof(Cat), "cat")]
    private abstract record Animal(string Name);

    private sealed record Cat(string Name) : Animal(Name);
}
