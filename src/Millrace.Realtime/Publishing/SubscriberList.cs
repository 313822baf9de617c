namespace Millrace.Realtime.Publishing;

/// <summary>The subscribers of one channel. Its lock is the channel's order: every subscriber is offered publications in the order they enter it.</summary>
/// <remarks>Locks are taken in the order connection, channel, outbox; no foreign code runs while one is held.</remarks>
internal sealed class SubscriberList(string channel)
{
    private readonly Lock _lock = new(); // guards every field below and the subscriptions' Position
    private readonly List<Subscription> _subscriptions = [];
    private bool _retired; // empty and taken out of the table: a new list has its place

    public string Channel { get; } = channel;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _subscriptions.Count;
            }
        }
    }

    /// <summary>False when the list is retired; ask the table again.</summary>
    public bool TryAdd(Subscription subscription)
    {
        lock (_lock)
        {
            if (_retired)
            {
                return false;
            }

            subscription.Position = _subscriptions.Count;
            _subscriptions.Add(subscription);
            return true;
        }
    }

    /// <summary>Takes a subscription out; true when the list is empty now, and with that retired.</summary>
    public bool Remove(Subscription subscription)
    {
        lock (_lock)
        {
            var position = subscription.Position;
            if (position < 0)
            {
                return false;
            }

            // The last takes the free place: order among subscribers means nothing.
            var last = _subscriptions[^1];
            _subscriptions[position] = last;
            last.Position = position;
            _subscriptions.RemoveAt(_subscriptions.Count - 1);
            subscription.Position = -1;
            _retired = _subscriptions.Count == 0;
            return _retired;
        }
    }

    /// <summary>Offers a publication to every subscriber.</summary>
    /// <param name="publication">What was published.</param>
    /// <param name="overflowed">Gets the connections that must be closed; stays null when there are none.</param>
    /// <returns>How many older publications were dropped for it.</returns>
    public int Offer(Publication publication, ref List<Subscription>? overflowed)
    {
        lock (_lock)
        {
            var dropped = 0;
            foreach (var subscription in _subscriptions)
            {
                var outcome = subscription.Connection.Outbox.Offer(subscription, publication);
                dropped += outcome.Dropped;
                if (outcome.Overflowed)
                {
                    (overflowed ??= []).Add(subscription);
                }
            }

            return dropped;
        }
    }

    /// <summary>The subscriptions of one user, or all when it is null.</summary>
    public List<Subscription> Of(string? userId)
    {
        lock (_lock)
        {
            return userId is null ? [.. _subscriptions] : _subscriptions.FindAll(item => item.Connection.UserId == userId);
        }
    }
}
