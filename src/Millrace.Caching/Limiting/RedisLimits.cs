using Microsoft.Extensions.Logging;
using Millrace.Caching.Sharing;
using Millrace.Redis;

namespace Millrace.Caching.Limiting;

/// <summary>
/// The states of limits in Redis. A request that gets no answer in time is decided as the options say, and so are those after it, but for one each
/// second that asks Redis again: an outage costs one caller a second its time-out, and nobody else anything.
/// </summary>
internal sealed class RedisLimits(RedisClient client, string keyPrefix, SharedRateLimiterOptions options, TimeProvider time, ILogger logger) : LimitStore
{
    private static readonly RedisScript FixedWindow = Scripts.Load("Limiting", "FixedWindow", keyCount: 1);
    private static readonly RedisScript SlidingWindow = Scripts.Load("Limiting", "SlidingWindow", keyCount: 1);
    private static readonly RedisScript TokenBucket = Scripts.Load("Limiting", "TokenBucket", keyCount: 1);
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(1);

    private readonly SharedNames _names = new(keyPrefix, "limit");
    private readonly MemoryLimits _local = new(time, options.LocalLimit);
    private readonly RateLimitFallback _fallback = options.Fallback;
    private readonly TimeSpan _timeout = options.Timeout;
    private readonly Lock _lock = new(); // guards _isAway and _probeAt
    private bool _isAway;
    private long _probeAt;

    public override async ValueTask<Decision> AcquireAsync(string resource, RateLimit limit, int permits, CancellationToken cancellationToken)
    {
        if (!MayAsk())
        {
            return await DecideAloneAsync(resource, limit, permits, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            var decision = await AskAsync(resource, limit, permits, cancellationToken).ConfigureAwait(false);
            Came();
            return decision;
        }
        catch (RedisException failure)
        {
            Went(failure);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            Went(late);
        }

        return await DecideAloneAsync(resource, limit, permits, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<Decision> AskAsync(string resource, RateLimit limit, int permits, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(_timeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var script = limit.Kind switch
        {
            LimitKind.Fixed => FixedWindow,
            LimitKind.Sliding => SlidingWindow,
            _ => TokenBucket,
        };
        var reply = await client.EvaluateAsync(
            script,
            [_names.Key(limit.Signature + SharedNames.Tame(resource))],
            [permits, limit.PermitLimit, limit.IntervalMicroseconds],
            ending.Token).ConfigureAwait(false);
        return new Decision(
            reply[0].AsBoolean(),
            (int)Math.Clamp(reply[1].AsInt64(), 0, limit.PermitLimit),
            TimeSpan.FromMilliseconds((Math.Clamp(reply[2].AsInt64(), 0, 2 * (long)limit.Window.TotalMicroseconds) + 999) / 1000));
    }

    private ValueTask<Decision> DecideAloneAsync(string resource, RateLimit limit, int permits, CancellationToken cancellationToken) => _fallback switch
    {
        RateLimitFallback.Allow => new(new Decision(IsAcquired: true, limit.PermitLimit, TimeSpan.Zero, "Redis is away; everything is allowed.")),
        RateLimitFallback.Deny => new(new Decision(IsAcquired: false, 0, ProbeInterval, "Redis is away; nothing is allowed.")),
        _ => DecideLocallyAsync(resource, limit, permits, cancellationToken),
    };

    private async ValueTask<Decision> DecideLocallyAsync(string resource, RateLimit limit, int permits, CancellationToken cancellationToken) =>
        await _local.AcquireAsync(resource, limit, permits, cancellationToken).ConfigureAwait(false) with { Reason = "Redis is away; this process counts alone." };

    private bool MayAsk()
    {
        lock (_lock)
        {
            if (!_isAway)
            {
                return true;
            }

            var now = time.GetTimestamp();
            if (time.GetElapsedTime(_probeAt, now) < ProbeInterval)
            {
                return false;
            }

            _probeAt = now;
            return true;
        }
    }

    private void Went(Exception failure)
    {
        lock (_lock)
        {
            _probeAt = time.GetTimestamp();
            if (_isAway)
            {
                return;
            }

            _isAway = true;
        }

        Statistics.Log.LimiterLostRedis(logger, failure, _fallback);
    }

    private void Came()
    {
        lock (_lock)
        {
            if (!_isAway)
            {
                return;
            }

            _isAway = false;
        }

        Statistics.Log.LimiterFoundRedis(logger);
    }
}
