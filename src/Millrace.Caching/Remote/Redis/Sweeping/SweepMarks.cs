using System.Globalization;
using System.Text;
using Millrace.Caching.Invalidation;
using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis.Sweeping;

/// <summary>
/// What a server's invalidations cover, as it says itself; what this node has heard (<see cref="RemoteMarks"/>) counts what it has forgotten as invalid, too,
/// which must cost no entry its life. Stamps only grow: what is covered by marks of a moment ago is covered now.
/// </summary>
internal sealed class SweepMarks(long everything, long tagFloor, (long Stamp, KeyGlob Glob)[] patterns)
{
    /// <summary>Asks for them.</summary>
    /// <param name="client">The server.</param>
    /// <param name="names">The cache's keys there.</param>
    /// <param name="claim">The answer that gave the turn.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async ValueTask<SweepMarks> LoadAsync(RedisClient client, RedisNames names, RedisReply claim, CancellationToken cancellationToken)
    {
        var patterns = await client.ZRangeWithScoresAsync(names.Patterns, cancellationToken: cancellationToken).ConfigureAwait(false);
        return new SweepMarks(
            Number(claim[2]),
            Number(claim[3]),
            [.. from pattern in patterns let glob = KeyGlob.TryParse(Encoding.UTF8.GetString(pattern.Member), out _) where glob is not null select ((long)pattern.Score, glob)]);
    }

    /// <summary>Whether an entry is invalid, whatever its tags; those have to be asked for where it is not.</summary>
    public bool Covers(string key, long stamp, string[] tags) =>
        stamp <= everything || (tags.Length > 0 && stamp <= tagFloor) || Array.Exists(patterns, pattern => stamp <= pattern.Stamp && pattern.Glob.Matches(key));

    private static long Number(RedisReply reply) => long.Parse(reply.AsString()!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
