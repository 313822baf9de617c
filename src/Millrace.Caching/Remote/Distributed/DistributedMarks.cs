using System.Buffers.Text;
using System.Collections.Concurrent;

namespace Millrace.Caching.Remote.Distributed;

// When tags, and everything, were last invalidated, as stamps in the store. What was read there is believed for `Lifetime`; what this process has
// invalidated itself is known at once.
//
// Bound: at the limit the table is emptied, and marks are read again. Those that could not be written are owed by who invalidated them.
internal sealed class DistributedMarks(DistributedStore store, int limit, TimeProvider time)
{
    /// <summary>Stands for everything; no tag of an entry has this name.</summary>
    public const string Everything = "*";

    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Mark> _marks = new(StringComparer.Ordinal);

    /// <summary>Sees to it that the marks of tags, and of everything, are known; false: the store did not answer.</summary>
    public ValueTask<bool> LoadAsync(string[] tags, CancellationToken cancellationToken)
    {
        List<string>? unknown = IsKnown(Everything) ? null : [Everything];
        foreach (var tag in tags)
        {
            if (!IsKnown(tag))
            {
                (unknown ??= []).Add(tag);
            }
        }

        return unknown is null ? new ValueTask<bool>(true) : LoadUnknownAsync(unknown, cancellationToken);
    }

    /// <summary>Whether one of the marks is as young as an entry or younger.</summary>
    public bool Cover(long stamp, string[] tags) => stamp <= Highest(tags);

    /// <summary>The youngest of the marks that are known: what is read from a source from now on may be stamped later.</summary>
    public long Highest(string[] tags)
    {
        var highest = Of(Everything);
        foreach (var tag in tags)
        {
            highest = Math.Max(highest, Of(tag));
        }

        return highest;
    }

    /// <summary>Invalidates a tag, with a stamp later than any that an entry has got since its last invalidation; false: the store does not know of it.</summary>
    public async ValueTask<bool> InvalidateAsync(string tag, long stamp)
    {
        Learn(tag, stamp); // here at once
        if (!await LoadUnknownAsync([tag], CancellationToken.None).ConfigureAwait(false))
        {
            return false;
        }

        stamp = Math.Max(stamp, Of(tag) + 2);
        Learn(tag, stamp);
        var digits = new byte[EntryCodec.StampLength];
        EntryCodec.WriteDigits(digits, stamp);
        return await store.SetAsync(store.MarkName(tag), digits, CachePolicy.LongestExpiration + CachePolicy.LongestExpiration).ConfigureAwait(false);
    }

    private long Of(string tag) => _marks.TryGetValue(tag, out var mark) ? mark.Stamp : -1;

    private bool IsKnown(string tag) => _marks.TryGetValue(tag, out var mark) && time.GetElapsedTime(mark.ReadAt) < Lifetime;

    private async ValueTask<bool> LoadUnknownAsync(List<string> unknown, CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(unknown.Select(tag => store.GetAsync(store.MarkName(tag), cancellationToken).AsTask())).ConfigureAwait(false);
        for (var i = 0; i < answers.Length; i++)
        {
            if (!answers[i].IsAnswered)
            {
                return false;
            }

            // What is no stamp was not written by this library, and counts for nothing: the next invalidation overwrites it.
            Learn(unknown[i], answers[i].Value is { Length: EntryCodec.StampLength } digits && Utf8Parser.TryParse(digits, out long stamp, out var read) && read == digits.Length ? stamp : -1);
        }

        return true;
    }

    private void Learn(string tag, long stamp)
    {
        if (_marks.Count >= limit && !_marks.ContainsKey(tag))
        {
            _marks.Clear();
        }

        var now = time.GetTimestamp();
        _marks.AddOrUpdate(tag, static (_, s) => new Mark(s.stamp, s.now), static (_, mark, s) => new Mark(Math.Max(mark.Stamp, s.stamp), s.now), (stamp, now));
    }

    private sealed record Mark(long Stamp, long ReadAt);
}
