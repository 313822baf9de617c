using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Millrace.Caching.Invalidation;

namespace Millrace.Caching.Remote.Redis;

/// <summary>
/// What one node tells all others on the cache's channel: on the wire its number, a space, its stamp, a space, and this as JSON with short names,
/// because it is sent often.
/// </summary>
internal sealed record InvalidationMessage
{
    private const int MaximumBytes = 1024 * 1024;

    /// <summary>The node that sends it.</summary>
    public required string Node { get; init; }

    /// <summary>Not zero: the sender waits until every node has answered with this number.</summary>
    public long Confirm { get; init; }

    /// <summary>Keys that were changed.</summary>
    public string[]? Keys { get; init; }

    /// <summary>
    /// Keys whose lease was used or given back: who waits for it may ask again. Nobody has a copy, because what stood there before the lease was told of.
    /// </summary>
    public string[]? Freed { get; init; }

    public string[]? Tags { get; init; }

    public string[]? Patterns { get; init; }

    public bool Everything { get; init; }

    public static bool TryParse(ReadOnlySpan<byte> payload, out long number, out long stamp, [NotNullWhen(true)] out InvalidationMessage? message)
    {
        (number, stamp, message) = (0, 0, null);
        if (payload.Length > MaximumBytes
            || !Utf8Parser.TryParse(payload, out number, out var digits) || digits >= payload.Length
            || !Utf8Parser.TryParse(payload[(digits + 1)..], out stamp, out var more) || digits + 1 + more >= payload.Length)
        {
            return false;
        }

        try
        {
            message = JsonSerializer.Deserialize(payload[(digits + more + 2)..], MessageJson.Default.InvalidationMessage);
            return message is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Carries it out in this process.</summary>
    public void Apply(ILocalLevel local)
    {
        foreach (var key in Freed ?? [])
        {
            local.LeaseEnded(key);
        }

        foreach (var key in Keys ?? [])
        {
            local.KeyChanged(key);
        }

        foreach (var tag in Tags ?? [])
        {
            local.TagInvalidated(tag);
        }

        foreach (var pattern in Patterns ?? [])
        {
            if (KeyGlob.TryParse(pattern, out _) is { } glob)
            {
                local.PatternInvalidated(glob);
            }
            else
            {
                local.EverythingInvalidated(); // of a version that knows other patterns
            }
        }

        if (Everything)
        {
            local.EverythingInvalidated();
        }
    }

    /// <summary>Remembers it against what the second level still has.</summary>
    public void Mark(RemoteMarks marks, long stamp)
    {
        foreach (var tag in Tags ?? [])
        {
            marks.InvalidateTag(tag, stamp);
        }

        foreach (var pattern in Patterns ?? [])
        {
            if (KeyGlob.TryParse(pattern, out _) is { } glob)
            {
                marks.InvalidatePattern(glob, stamp);
            }
        }

        if (Everything)
        {
            marks.Raise(stamp, tagFloor: -1);
        }
    }
}
