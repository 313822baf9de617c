namespace Millrace.Caching.Remote.Partitioned;

// While nodes disagree about the list of servers, as in a rolling deploy, a key that one list gives to one server and the other to another would be changed
// on one and read on the other. A list, as text, is a layout. Each node tells every server of its own what its layout is, with each heartbeat, and hears
// which others are in use:
//
//   - A key that the layouts in use do not all give to the same server is moving. It is nowhere: not asked for, not stored, and not kept as fresh. Its
//     reads go to the source. All other keys are shared as ever.
//   - A node begins to use a layout that is new to a server when those have heard of it that were trusted there: their trust has ended or was renewed
//     since, and it is renewed only with an answer that says which layouts are in use. Until then the node counts as not connected.
//   - A layout that nobody renews ends with the trust of its last node. An entry that was stored before the end of a layout that gave its key to another
//     server is invalid: it may have been changed there. So a list that comes back does not bring old values back.
//
// What is known of a server that is away stays as it was last told. A server that cannot be reached from the start is not waited for.
//
// Ends of layouts are told by the servers' clocks, and kept by this node's, as it goes on while it runs.
internal sealed class LayoutWatch
{
    /// <summary>The layouts that a server remembers; those before them count as ones that gave every key to another server.</summary>
    public const int Limit = 16;

    private readonly Rendezvous _own;
    private readonly TimeProvider _time;
    private readonly Action _changed;
    private readonly Lock _lock = new(); // guards writes of the fields below
    private readonly bool[] _isKnown; // of each server: it is settled or away
    private readonly Layout[][] _told;
    private Layout[] _inUse = []; // replaced, never changed
    private Layout[] _known = []; // the same; each with the last end that a server has told
    private bool _isSettled;

    /// <param name="own">This node's list.</param>
    /// <param name="time">The time.</param>
    /// <param name="changed">Called when other layouts are in use than before: nothing from before this call is fresh.</param>
    public LayoutWatch(Rendezvous own, TimeProvider time, Action changed)
    {
        (_own, _time, _changed) = (own, time, changed);
        Text = string.Join(',', own.Names);
        _isKnown = new bool[own.Names.Count];
        _told = [.. own.Names.Select(static _ => Array.Empty<Layout>())];
    }

    /// <summary>This node's layout as text.</summary>
    public string Text { get; }

    /// <summary>Whether every server has been heard of: those who are connected know what is in use there.</summary>
    public bool IsSettled => Volatile.Read(ref _isSettled);

    /// <summary>Whether other layouts are in use.</summary>
    public bool IsMoving => Volatile.Read(ref _inUse).Length > 0;

    /// <summary>Whether a key is moving.</summary>
    /// <param name="key">The key.</param>
    /// <param name="owner">The number of the server that has it by this node's layout.</param>
    public bool Moves(string key, int owner)
    {
        foreach (var layout in Volatile.Read(ref _inUse))
        {
            if (!Agrees(layout, key, owner))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether an entry may have been changed on another server since it was stored.</summary>
    /// <param name="key">The key.</param>
    /// <param name="owner">The number of the server that has the entry.</param>
    /// <param name="age">How long ago it was stored at least.</param>
    public bool Covers(string key, int owner, TimeSpan age)
    {
        foreach (var layout in Volatile.Read(ref _known))
        {
            if (age >= _time.GetElapsedTime(layout.EndsAt) && !Agrees(layout, key, owner))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A server has told which other layouts it knows.</summary>
    /// <param name="partition">The server.</param>
    /// <param name="layouts">Their texts, and how long they are in use; negative: how long ago they ended.</param>
    public void Told(int partition, IEnumerable<(string Text, TimeSpan Left)> layouts)
    {
        bool isChanged;
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            _told[partition] = [.. layouts.Select(layout => Layout.Of(layout.Text, layout.Left > TimeSpan.Zero, now + (long)(layout.Left.TotalSeconds * _time.TimestampFrequency)))];
            var all = _told.SelectMany(static told => told).GroupBy(static layout => layout.Text, StringComparer.Ordinal).ToArray();
            Layout[] inUse = [.. all.Select(static group => group.FirstOrDefault(static layout => layout.IsInUse)).OfType<Layout>()];
            isChanged = !inUse.Select(static layout => layout.Text).ToHashSet(StringComparer.Ordinal).SetEquals(_inUse.Select(static layout => layout.Text));
            Volatile.Write(ref _known, [.. all.Select(static group => group.MaxBy(static layout => layout.EndsAt)!)]);
            Volatile.Write(ref _inUse, inUse);
        }

        if (isChanged)
        {
            _changed();
        }
    }

    /// <summary>A server is settled, or away.</summary>
    public void Known(int partition)
    {
        lock (_lock)
        {
            _isKnown[partition] = true;
            Volatile.Write(ref _isSettled, Array.TrueForAll(_isKnown, static known => known));
        }
    }

    private bool Agrees(Layout layout, string key, int owner) => layout.Map is { } map && map.Names[map.Of(key)] == _own.Names[owner];

    private sealed record Layout(string Text, Rendezvous? Map, bool IsInUse, long EndsAt)
    {
        /// <summary>What cannot be read, and what stands for those that were forgotten, gives no key to a server that is known.</summary>
        public static Layout Of(string text, bool isInUse, long endsAt)
        {
            var names = text.Split(',', StringSplitOptions.RemoveEmptyEntries);
            return new Layout(text, names.Length is > 0 and <= 64 ? new Rendezvous(names) : null, isInUse, endsAt);
        }
    }
}
