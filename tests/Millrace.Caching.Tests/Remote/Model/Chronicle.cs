using System.Collections.Concurrent;
using System.Globalization;

namespace Millrace.Caching.Tests.Remote.Model;

/// <summary>What has happened lately on all nodes, to be told when a rule was broken. Thread-safe; the oldest is forgotten.</summary>
internal sealed class Chronicle
{
    private const int Limit = 20_000;

    private readonly ConcurrentQueue<(long At, int Node, string Name, string What)> _events = new();

    public void Note(int node, string name, string what)
    {
        _events.Enqueue((TimeProvider.System.GetTimestamp(), node, name, what));
        while (_events.Count > Limit)
        {
            _events.TryDequeue(out _);
        }
    }

    /// <summary>What happened to a name, or to all, in order.</summary>
    /// <param name="of">The name's end.</param>
    public string Tell(Func<string, bool> of)
    {
        var events = _events.Where(e => e.Name.Length == 0 || of(e.Name)).OrderBy(static e => e.At).ToArray();
        return string.Join('\n', events.Select(e => string.Create(
            CultureInfo.InvariantCulture, $"  {TimeProvider.System.GetElapsedTime(events[0].At, e.At).TotalMicroseconds,9:F0} node {e.Node} {e.Name}: {e.What}")));
    }
}
