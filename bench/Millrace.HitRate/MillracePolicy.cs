using System.Globalization;
using Millrace.Caching;

namespace Millrace.HitRate;

/// <summary>The cache itself, through its public calls, bounded by entries.</summary>
internal sealed class MillracePolicy : ReplacementPolicy
{
    private readonly Cache _cache;
    private readonly string[] _names;

    public MillracePolicy(int size, int keys)
    {
        _cache = new Cache(new CacheOptions { EntryLimit = size, SizeLimitBytes = 1L << 34 });
        _names = new string[keys];
    }

    public override bool Request(int key)
    {
        var name = _names[key] ??= string.Create(CultureInfo.InvariantCulture, $"{key}");
        if (_cache.TryGet<int>(name, out _))
        {
            return true;
        }

        var stored = _cache.SetAsync(name, key, CachePolicies.Daily);
        return stored.IsCompletedSuccessfully ? false : throw new InvalidOperationException("The value was not stored at once.");
    }

    public override void Dispose()
    {
        _cache.Dispose();
        base.Dispose();
    }
}
