using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Millrace.AspNetCore.Answers;
using Millrace.AspNetCore.OutputCaching;
using Millrace.Caching;

namespace Millrace.AspNetCore.Management;

// POST /api/cache/invalidate
//
//   1. Read what to invalidate: names in one cache (by default the default cache and the pages made from it), everything there, or an event.
//   2. Tell: the targets, with the names that each would lose. With ?dryRun=true this is the answer.
//   3. Invalidate, write the audit line, answer.
internal static class InvalidateEndpoint
{
    private const int MaximumNames = 100;
    private const int MaximumNameLength = 1024;
    private const int MaximumEventLength = 128;

    public static async Task<IResult> HandleAsync(HttpContext context, CacheRegistry caches, IOptions<MillraceOptions> options)
    {
        // 1. Read
        var (request, fault) = await RequestBody.ReadAsync(context, ManagementJson.Default.InvalidateRequest, options.Value.MaximumRequestBodyBytes).ConfigureAwait(false);
        if (request is null)
        {
            return fault!;
        }

        var input = new Input();
        var isDryRun = IsDryRun(context, input);
        var preview = Read(request, caches, input);
        if (!input.IsValid)
        {
            return Problems.Invalid(input.Errors);
        }

        // 2. Tell
        if (isDryRun)
        {
            Endpoint.Audit(context, "cache.invalidate", Describe(preview), "previewed");
            return Results.Json(preview, ManagementJson.Default.InvalidatePreview);
        }

        // 3. Invalidate
        try
        {
            if (preview.Event is null)
            {
                await ApplyAsync(preview.Caches, caches, context.RequestAborted).ConfigureAwait(false);
            }
            else
            {
                await caches.Get(Cache.DefaultName).InvalidateAsync(preview.Event, request.Data, context.RequestAborted).ConfigureAwait(false);
            }
        }
        catch (ArgumentException refused)
        {
            return Problems.Invalid("body", PlainText.Of(refused.Message, 300)); // a cache may be stricter about names than we are
        }
        catch (InvalidOperationException failed) when (preview.Event is not null)
        {
            return Endpoint.Refused(context, "cache.invalidate", Describe(preview), Problems.Invalid("event", PlainText.Of(failed.Message, 600)), "failed in part");
        }

        Endpoint.Audit(context, "cache.invalidate", Describe(preview), "invalidated");
        return Results.Json(Result(preview), ManagementJson.Default.InvalidateResult);
    }

    private static bool IsDryRun(HttpContext context, Input input)
    {
        var text = context.Request.Query["dryRun"];
        if (text.Count == 0 || bool.TryParse(text, out _))
        {
            return text.Count > 0 && bool.Parse(text.ToString());
        }

        input.Fault("dryRun", "True or false is expected.");
        return false;
    }

    private static InvalidatePreview Read(InvalidateRequest request, CacheRegistry caches, Input input)
    {
        var keys = input.Names("keys", request.Keys, MaximumNames, MaximumNameLength);
        var tags = input.Names("tags", request.Tags, MaximumNames, MaximumNameLength);
        var patterns = input.Names("patterns", request.Patterns, MaximumNames, MaximumNameLength);
        var all = request.All ?? false;
        var named = keys.Count + tags.Count + patterns.Count;
        if (input.Text("event", request.Event, MaximumEventLength) is { } name)
        {
            if (named > 0 || all || request.Cache is not null)
            {
                input.Fault("body", "An event stands alone: its rules say what goes, and in which caches.");
            }

            if (string.IsNullOrWhiteSpace(name))
            {
                input.Fault("event", "Must not be empty.");
            }

            return input.IsValid ? Preview(caches, name, request) : new InvalidatePreview(name, [], []);
        }

        if (request.Data is not null)
        {
            input.Fault("data", "Data belongs to an event: name it.");
        }

        if (all ? named > 0 : named == 0)
        {
            input.Fault("body", all ? "Either 'all', or 'keys', 'tags' and 'patterns', not both." : "Name 'keys', 'tags', 'patterns' or an 'event', or set 'all' to true.");
        }

        var targets = Targets(caches, request.Cache, input);
        return new InvalidatePreview(null, [.. targets.Select(cache => new CacheInvalidationTarget(cache, keys, tags, patterns, all, Confirmed: false))], []);
    }

    private static InvalidatePreview Preview(CacheRegistry caches, string name, InvalidateRequest request)
    {
        var preview = caches.Get(Cache.DefaultName).PreviewInvalidation(name, request.Data);
        return new InvalidatePreview(name, preview.Caches, [.. preview.Failures.Select(failure => PlainText.Of(failure, 300))]);
    }

    private static async ValueTask ApplyAsync(IReadOnlyList<CacheInvalidationTarget> targets, CacheRegistry caches, CancellationToken cancellationToken)
    {
        foreach (var target in targets)
        {
            var cache = caches.Get(target.Cache);
            if (target.Everything)
            {
                await cache.InvalidateAllAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            await cache.RemoveAsync(target.Keys, cancellationToken).ConfigureAwait(false);
            await cache.RemoveByTagAsync(target.Tags, cancellationToken).ConfigureAwait(false);
            foreach (var pattern in target.Patterns)
            {
                await cache.RemoveByPatternAsync(pattern, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The named cache; by default the default cache and the pages made from it.</summary>
    private static List<string> Targets(CacheRegistry caches, string? name, Input input)
    {
        if (name is not null)
        {
            if (caches.TryGet(name, out var named))
            {
                return [named.Name];
            }

            input.Fault("cache", $"There is no cache of this name. Registered: {string.Join(", ", caches.Caches.Select(cache => cache.Name))}.");
            return [];
        }

        return caches.TryGet(OutputCacheStore.CacheName, out var pages) ? [Cache.DefaultName, pages.Name] : [Cache.DefaultName];
    }

    private static string Describe(InvalidatePreview preview) => preview.Event is { } name
        ? $"event {name}"
        : preview.Caches is [var first, ..]
            ? $"{string.Join(", ", preview.Caches.Select(target => target.Cache))}: "
                + (first.Everything
                    ? "everything"
                    : $"keys [{string.Join(", ", first.Keys)}] tags [{string.Join(", ", first.Tags)}] patterns [{string.Join(", ", first.Patterns)}]")
            : "nothing";

    private static InvalidateResult Result(InvalidatePreview preview)
    {
        // Names that are given go to every target; what an event names is told by cache.
        var counted = preview.Event is null ? [.. preview.Caches.Take(1)] : preview.Caches;
        return new InvalidateResult(
            [.. preview.Caches.Select(target => target.Cache)],
            counted.Sum(target => target.Keys.Count),
            counted.Sum(target => target.Tags.Count),
            counted.Sum(target => target.Patterns.Count),
            preview.Caches.Any(target => target.Everything));
    }
}
