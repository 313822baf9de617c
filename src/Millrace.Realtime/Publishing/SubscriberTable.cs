using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Millrace.Realtime.Publishing;

/// <summary>The channels that have subscribers in this process. A channel exists from its first subscriber to its last.</summary>
/// <remarks>Bounded by connections and by how many channels each may join.</remarks>
internal sealed class SubscriberTable
{
    private readonly ConcurrentDictionary<string, SubscriberList> _lists = new(StringComparer.Ordinal);

    public int Count => _lists.Count;

    public bool TryGet(string channel, [NotNullWhen(true)] out SubscriberList? list) => _lists.TryGetValue(channel, out list);

    public void Add(Subscription subscription)
    {
        while (true)
        {
            var list = _lists.GetOrAdd(subscription.Channel, static channel => new SubscriberList(channel));
            if (list.TryAdd(subscription))
            {
                return;
            }

            // Retired between the look-up and the lock, and not yet out of the table: take it out and make a new one.
            _lists.TryRemove(KeyValuePair.Create(subscription.Channel, list));
        }
    }

    /// <summary>Takes out a subscription that is in. A list with a subscription is never retired, so it is in the one found.</summary>
    public void Remove(Subscription subscription)
    {
        if (_lists.TryGetValue(subscription.Channel, out var list) && list.Remove(subscription))
        {
            _lists.TryRemove(KeyValuePair.Create(subscription.Channel, list));
        }
    }

    /// <summary>The channels with the most subscribers, most first.</summary>
    public List<ChannelStatistics> Top(int count)
    {
        var top = new PriorityQueue<ChannelStatistics, int>();
        foreach (var (channel, list) in _lists)
        {
            if (list.Count is > 0 and var subscribers)
            {
                top.Enqueue(new ChannelStatistics(channel, subscribers), subscribers);
                if (top.Count > count)
                {
                    top.Dequeue();
                }
            }
        }

        List<ChannelStatistics> result = [];
        while (top.TryDequeue(out var item, out _))
        {
            result.Add(item);
        }

        result.Sort(static (left, right) => right.Subscribers != left.Subscribers
            ? right.Subscribers.CompareTo(left.Subscribers)
            : string.CompareOrdinal(left.Channel, right.Channel));
        return result;
    }

    /// <summary>A page of channels by name: those after <paramref name="after"/>, at most <paramref name="count"/>.</summary>
    public List<ChannelStatistics> Page(string? after, int count)
    {
        List<ChannelStatistics> result = [];
        var names = _lists.Keys.Where(name => after is null || string.CompareOrdinal(name, after) > 0).Order(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if (result.Count < count && _lists.TryGetValue(name, out var list) && list.Count is > 0 and var subscribers)
            {
                result.Add(new ChannelStatistics(name, subscribers));
            }
        }

        return result;
    }
}
