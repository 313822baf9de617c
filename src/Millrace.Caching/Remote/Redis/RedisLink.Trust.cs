namespace Millrace.Caching.Remote.Redis;

/// <summary>How trust begins, and how heartbeats renew it.</summary>
internal sealed partial class RedisLink
{
    /// <summary>
    /// Under the lock. The level can be asked before trust begins anew: a flight that found it away has begun before that, so what it brings, which the
    /// server does not watch, is not served as fresh.
    /// </summary>
    private void Trust(long sent)
    {
        Breaker.Close();
        Volatile.Write(ref _isReady, true);
        _local.TrustLost(); // what was cached meanwhile was not watched
        _groups?.Look(Client.GetSlotRanges());
        TrustUntil(sent + _clock.Units(_options.TrustDuration) - _clock.Lag);
        _ready.TrySetResult();
        Invalidated?.Invoke(); // perhaps by others, meanwhile
    }

    private void TrustUntil(long timestamp)
    {
        Volatile.Write(ref _trustedUntil, timestamp);
        _local.TrustUntil(timestamp);
    }

    private void Renew(long sent, long number, long handledBefore)
    {
        lock (_lock)
        {
            if (!_isReady)
            {
                return;
            }

            if (number < handledBefore)
            {
                Lose("the server's count of messages went back");
                return;
            }

            _heartbeats.Enqueue((sent, number));
            if (_heartbeats.Count > MaximumHeartbeats)
            {
                _heartbeats.Dequeue();
            }

            TrustIfHandled();
        }
    }

    /// <summary>Under the lock. A trust that has ended is not renewed: what was read since then was not watched, and a recovery makes an end of it.</summary>
    private void TrustIfHandled()
    {
        while (_heartbeats.TryPeek(out var heartbeat) && heartbeat.Number <= _handled)
        {
            if (_clock.Now >= _trustedUntil)
            {
                Lose("its trust ended before all messages were handled");
                return;
            }

            _heartbeats.Dequeue();
            TrustUntil(heartbeat.Sent + _clock.Units(_options.TrustDuration) - _clock.Lag);
        }
    }
}
