using System.Globalization;
using Millrace.Redis;

namespace Millrace.Caching.WriteBehind.Redis;

/// <summary>The keys of one partition, in one slot of a cluster: <c>cache:!writes:{orders.3}:values</c>.</summary>
internal sealed class PartitionKeys
{
    private readonly RedisKey[] _all;

    public PartitionKeys(string keyPrefix, string name, int partition)
    {
        var stem = string.Create(CultureInfo.InvariantCulture, $"{keyPrefix}!writes:{{{name}.{partition}}}:");
        _all = [stem + "values", stem + "due", stem + "since", stem + "state", stem + "dead"];
    }

    public RedisKey Values => _all[0];

    public RedisKey Due => _all[1];

    public RedisKey Dead => _all[4];

    /// <summary>Values, due, since, state.</summary>
    public ReadOnlySpan<RedisKey> Pending => _all.AsSpan(0, 4);

    /// <summary>Values, due, since, state, dead.</summary>
    public ReadOnlySpan<RedisKey> All => _all;

    public ReadOnlySpan<RedisKey> State => _all.AsSpan(3, 1);
}
