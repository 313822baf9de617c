using System.Globalization;

namespace Millrace.Caching.Sessions;

/// <summary>A session as a store has it; times in milliseconds since 1970, of the store's clock.</summary>
/// <param name="Id">The token's SHA-256.</param>
/// <param name="UserId">Whose it is.</param>
/// <param name="Created">When it began.</param>
/// <param name="Seen">When it was validated last.</param>
/// <param name="Ends">When it ends at the latest.</param>
/// <param name="Sliding">How long it lives without being seen, in milliseconds.</param>
/// <param name="Data">The application's data.</param>
internal sealed record SessionRecord(string Id, string UserId, long Created, long Seen, long Ends, long Sliding, byte[] Data)
{
    public long Expires => Math.Min(Ends, Seen + Sliding);

    public CacheSession ToSession() => new(Id, UserId, At(Created), At(Seen), At(Expires), Data);

    /// <summary>Reads what the scripts write; null when it is something else.</summary>
    public static SessionRecord? Parse(string? id, string? userId, string? state, byte[]? data)
    {
        if (!SessionToken.IsId(id) || userId is null || data is null || state?.Split(':') is not [var created, var seen, var ends, var sliding])
        {
            return null;
        }

        return Number(created) is { } from && Number(seen) is { } last && Number(ends) is { } end && Number(sliding) is { } idle
            ? new SessionRecord(id, userId, from, last, end, idle, data)
            : null;
    }

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 100_000_000_000_000 ? number : null;

    private static DateTimeOffset At(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
