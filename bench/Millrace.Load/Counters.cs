using System.Text.Json;

namespace Millrace.Load;

/// <summary>Township's own counters, before and after a run.</summary>
internal sealed record Counters(long Queries, long Hits, long Misses, long OutputHits, long OutputMisses)
{
    public double HitRate => Rate(Hits, Misses);

    public double OutputHitRate => Rate(OutputHits, OutputMisses);

    public static async Task<Counters> ReadAsync(Visitors visitors, CancellationToken cancellationToken)
    {
        var township = await visitors.ReadAsync("/api/township/stats", cancellationToken);
        var caches = await visitors.ReadAsync("/api/cache/stats", cancellationToken);
        var (hits, misses) = Of(caches, "default");
        var (outputHits, outputMisses) = Of(caches, "output");
        return new Counters(township.GetProperty("queriesInRequests").GetInt64(), hits, misses, outputHits, outputMisses);
    }

    public Counters Since(Counters before) => new(
        Queries - before.Queries, Hits - before.Hits, Misses - before.Misses, OutputHits - before.OutputHits, OutputMisses - before.OutputMisses);

    private static double Rate(long hits, long misses) => hits + misses == 0 ? 0 : (double)hits / (hits + misses);

    private static (long Hits, long Misses) Of(JsonElement caches, string name)
    {
        foreach (var cache in caches.EnumerateArray())
        {
            if (cache.GetProperty("name").GetString() == name)
            {
                return (cache.GetProperty("hits").GetInt64(), cache.GetProperty("misses").GetInt64());
            }
        }

        return (0, 0);
    }
}
