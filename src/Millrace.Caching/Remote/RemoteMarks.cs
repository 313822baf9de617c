using System.Collections.Concurrent;
using Millrace.Caching.Invalidation;

namespace Millrace.Caching.Remote;

// What this node knows of the second level's invalidations, as server stamps, to tell whether an entry there is valid.
//
// Everything and patterns are known as a whole: loaded when the connection is made, kept by the messages of other nodes. Tags are too many for
// that. A tag's mark is asked for when it is first needed, together with the entry, and kept by the messages from then on.
//
// The race between an answer and a message: the mark is put into the table, not known yet, before the question is sent. A message that comes
// meanwhile raises it; the answer only raises it too, and makes it known. When messages may have been missed the table is replaced, so an answer
// to a question from before raises a mark that nobody looks at any more. What was known stays as the least that the new marks are, until it is asked
// for again: a replica that was promoted may not have got an invalidation that this node has heard of.
//
// Bound: at the limit the table is emptied, and marks are asked for again.
internal sealed class RemoteMarks(int tagLimit)
{
    /// <summary>The patterns that are remembered; what is older than those that are not counts as invalid.</summary>
    public const int PatternLimit = 1024;

    private readonly Lock _lock = new(); // guards writes of the fields below but the tags
    private ConcurrentDictionary<string, Mark> _tags = new(StringComparer.Ordinal);
    private (long Stamp, KeyGlob Glob)[] _patterns = []; // newest first; replaced, never changed
    private long _everything = -1;
    private long _tagFloor = -1;

    /// <summary>Messages may have been missed: all tags have to be asked for again, and what is known counts as the least that there is.</summary>
    public void Doubt()
    {
        lock (_lock)
        {
            _tags = new ConcurrentDictionary<string, Mark>(
                _tags.Where(static tag => tag.Value.Stamp >= 0).Select(static tag => KeyValuePair.Create(tag.Key, new Mark(tag.Value.Stamp))), StringComparer.Ordinal);
        }
    }

    /// <summary>Takes what the server has.</summary>
    public void Load(long everything, long tagFloor, IEnumerable<(long Stamp, KeyGlob Glob)> patterns)
    {
        lock (_lock)
        {
            _everything = Math.Max(_everything, everything);
            _tagFloor = Math.Max(_tagFloor, tagFloor);
            _patterns = [.. _patterns.Concat(patterns).GroupBy(static p => p.Glob.Text, StringComparer.Ordinal).Select(static g => g.MaxBy(static p => p.Stamp))
                .OrderByDescending(static p => p.Stamp)];
        }
    }

    /// <summary>Raises the mark of everything, and of tags that are not remembered.</summary>
    public void Raise(long everything, long tagFloor)
    {
        if (everything > Volatile.Read(ref _everything) || tagFloor > Volatile.Read(ref _tagFloor))
        {
            lock (_lock)
            {
                _everything = Math.Max(_everything, everything);
                _tagFloor = Math.Max(_tagFloor, tagFloor);
            }
        }
    }

    public void InvalidateTag(string tag, long stamp)
    {
        if (Volatile.Read(ref _tags).TryGetValue(tag, out var mark))
        {
            mark.Raise(stamp);
        }
    }

    public void InvalidatePattern(KeyGlob glob, long stamp)
    {
        lock (_lock)
        {
            var patterns = _patterns.Where(p => p.Glob.Text != glob.Text).Append((Stamp: stamp, Glob: glob)).OrderByDescending(static p => p.Stamp).ToArray();
            if (patterns.Length > PatternLimit)
            {
                _everything = Math.Max(_everything, patterns[PatternLimit / 2].Stamp);
                patterns = patterns[..(PatternLimit / 2)];
            }

            _patterns = patterns;
        }
    }

    /// <summary>Forgets the patterns that the server had forgotten, because no entry is left that they cover.</summary>
    /// <param name="kept">Those that the server has.</param>
    /// <param name="asked">The server's highest stamp before it was asked: younger ones stay.</param>
    public void Keep(IReadOnlySet<string> kept, long asked)
    {
        lock (_lock)
        {
            _patterns = Array.FindAll(_patterns, p => p.Stamp > asked || kept.Contains(p.Glob.Text));
        }
    }

    /// <summary>The tags among these whose marks have to be asked for; null where all are known. Then give the answers to <see cref="Question.Learn"/>.</summary>
    public Question? Unknown(string[] tags)
    {
        List<(string, Mark)>? unknown = null;
        var table = Volatile.Read(ref _tags);
        foreach (var tag in tags)
        {
            if (table.TryGetValue(tag, out var mark) && mark.IsKnown)
            {
                continue;
            }

            if (mark is null)
            {
                if (table.Count >= tagLimit)
                {
                    table.Clear();
                }

                mark = table.GetOrAdd(tag, static _ => new Mark(stamp: -1));
            }

            (unknown ??= []).Add((tag, mark));
        }

        return unknown is null ? null : new Question(unknown);
    }

    /// <summary>Whether an entry is invalid. All of its tags' marks are known, or among <paramref name="asked"/>.</summary>
    public bool Covers(string key, long stamp, string[] tags, Question? asked = null)
    {
        if (stamp <= Volatile.Read(ref _everything))
        {
            return true;
        }

        foreach (var (patternStamp, glob) in Volatile.Read(ref _patterns))
        {
            if (patternStamp < stamp)
            {
                break;
            }

            if (glob.Matches(key))
            {
                return true;
            }
        }

        if (tags.Length == 0)
        {
            return false;
        }

        if (stamp <= Volatile.Read(ref _tagFloor))
        {
            return true;
        }

        var table = Volatile.Read(ref _tags);
        foreach (var tag in tags)
        {
            var mark = asked?.Find(tag) ?? table.GetValueOrDefault(tag);
            if (mark is null || !mark.IsKnown || stamp <= mark.Stamp)
            {
                return true; // forgotten meanwhile counts as invalid
            }
        }

        return false;
    }

    /// <summary>Tags whose marks are being asked for.</summary>
    internal sealed class Question(List<(string Tag, Mark Mark)> unknown)
    {
        public int Count => unknown.Count;

        public string this[int index] => unknown[index].Tag;

        /// <summary>Takes an answer; -1: the tag was never invalidated.</summary>
        public void Learn(int index, long stamp) => unknown[index].Mark.Learn(stamp);

        public Mark? Find(string tag)
        {
            foreach (var (other, mark) in unknown)
            {
                if (other == tag)
                {
                    return mark;
                }
            }

            return null;
        }
    }

    /// <summary>The stamp of a tag's last invalidation.</summary>
    internal sealed class Mark(long stamp)
    {
        private long _stamp = stamp;
        private volatile bool _isKnown;

        public long Stamp => Volatile.Read(ref _stamp);

        public bool IsKnown => _isKnown;

        public void Raise(long stamp)
        {
            for (var current = Stamp; stamp > current;)
            {
                var seen = Interlocked.CompareExchange(ref _stamp, stamp, current);
                if (seen == current)
                {
                    return;
                }

                current = seen;
            }
        }

        public void Learn(long stamp)
        {
            Raise(stamp);
            _isKnown = true;
        }
    }
}
