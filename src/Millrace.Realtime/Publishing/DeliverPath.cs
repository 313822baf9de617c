using Millrace.Realtime.Bus;
using Millrace.Realtime.Diagnostics;

namespace Millrace.Realtime.Publishing;

/// <summary>
/// The way of a publication from the bus to the subscribers of this process:
/// 1. find the channel's subscribers; 2. offer it to each one's outbox, in the channel's order; 3. close the connections whose
/// channel says so when full. Nothing here waits: the outboxes are drained by their own connections.
/// </summary>
internal sealed class DeliverPath(SubscriberTable table, RealtimeMetrics metrics)
{
    public void Deliver(Publication publication)
    {
        // 1. The subscribers. Most channels of a process have none.
        if (!table.TryGet(publication.Channel, out var list))
        {
            return;
        }

        // 2. The outboxes.
        List<Subscription>? overflowed = null;
        metrics.Dropped(list.Offer(publication, ref overflowed));

        // 3. The connections that cannot keep up, outside the channel's lock.
        foreach (var subscription in overflowed ?? [])
        {
            subscription.Connection.CloseOverflowed(subscription);
        }
    }

    public void Revoke(Revocation revocation)
    {
        if (table.TryGet(revocation.Channel, out var list))
        {
            foreach (var subscription in list.Of(revocation.UserId))
            {
                subscription.Connection.Revoke(subscription, revocation.Reason);
            }
        }
    }
}
