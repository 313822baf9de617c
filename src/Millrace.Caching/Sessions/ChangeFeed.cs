using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Sharing;
using Millrace.Redis;

namespace Millrace.Caching.Sessions;

// What this process remembers of sessions is right only while it hears that they end. A connection that broke without a sign looks like one on
// which nothing happens. So each process sends itself a beat through the channel, every three seconds: one that comes back was sent at a time from
// which on nothing can be missing before it, because a server sends in order. Trust lasts ten seconds from the sending of the last beat that came
// back, and ends at once where messages may be missing. Without trust every question goes to the store.

/// <summary>Hears of sessions that ended or changed, and knows whether it would. Begins with the first question for its trust. Thread-safe.</summary>
internal sealed class ChangeFeed : IAsyncDisposable
{
    private static readonly TimeSpan BeatInterval = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(10);

    private readonly RedisClient _client;
    private readonly string _name;
    private readonly Action<string?> _changed;
    private readonly TimeProvider _time;
    private readonly SteadyClock _clock;
    private readonly Channel _channel;
    private readonly CancellationTokenSource _stop = new();
    private readonly string _mark = "beat:" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) + ":";
    private readonly Lock _lock = new(); // guards _beating, _beat, and _sent
    private Task? _beating;
    private long _beat;
    private DateTimeOffset _sent;
    private long _trustedUntil;

    public ChangeFeed(RedisClient client, string channel, Action<string?> changed, TimeProvider time, ILogger logger)
    {
        (_client, _name, _changed, _time, _clock) = (client, channel, changed, time, new SteadyClock(time));
        _channel = new Channel(
            client,
            channel,
            heard: () => Statistics.Log.SessionChannelHeard(logger),
            received: Receive,
            lost: failure => Statistics.Log.SessionChannelLost(logger, failure));
    }

    /// <summary>Whether every change of the last moments would have been heard.</summary>
    public bool IsTrusted
    {
        get
        {
            if (_clock.Now.UtcTicks < Volatile.Read(ref _trustedUntil))
            {
                return true;
            }

            Begin();
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task? beating;
        lock (_lock)
        {
            beating = _beating ??= Task.CompletedTask;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await beating.ConfigureAwait(false);
        await _channel.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private void Begin()
    {
        lock (_lock)
        {
            _beating ??= Task.Run(BeatAsync, CancellationToken.None);
        }
    }

    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(BeatInterval, _time);
        try
        {
            do
            {
                await _channel.ListenAsync(_stop.Token).ConfigureAwait(false);
                await SendAsync().ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private async ValueTask SendAsync()
    {
        long beat;
        lock (_lock)
        {
            (beat, _sent) = (++_beat, _clock.Now);
        }

        try
        {
            await _client.PublishAsync(_name, _mark + beat.ToString(CultureInfo.InvariantCulture), _stop.Token).ConfigureAwait(false);
        }
        catch (RedisException)
        {
            // It does not come back: trust ends by itself, and the client logs the outage.
        }
    }

    private void Receive(RedisMessage? message)
    {
        if (message is null)
        {
            Volatile.Write(ref _trustedUntil, 0);
            lock (_lock)
            {
                _beat++; // a beat from before comes back in vain
            }

            _changed(null);
            return;
        }

        var text = message.Text;
        if (text.StartsWith(_mark, StringComparison.Ordinal))
        {
            lock (_lock)
            {
                if (text.AsSpan(_mark.Length).SequenceEqual(_beat.ToString(CultureInfo.InvariantCulture)))
                {
                    Volatile.Write(ref _trustedUntil, (_sent + Trust).UtcTicks);
                }
            }
        }
        else if (!text.StartsWith("beat:", StringComparison.Ordinal))
        {
            foreach (var id in text.AsSpan().Split(','))
            {
                var changed = text[id];
                _changed(SessionToken.IsId(changed) ? changed : null); // what nobody understands may mean any
            }
        }
    }
}
