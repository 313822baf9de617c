using System.Globalization;
using Millrace.Caching.Statistics;
using Millrace.Redis;

namespace Millrace.Caching.Remote.Redis;

/// <summary>What other nodes say: numbered messages on the channel, and answers to this node.</summary>
internal sealed partial class RedisLink
{
    /// <summary>Called when entries may have become invalid while they stay on the server. Short, and waits for nothing.</summary>
    public Action? Invalidated { get; set; }

    private async Task ListenAsync(RedisClient client, RedisSubscription subscription, CancellationToken stop)
    {
        await foreach (var message in subscription.WithCancellation(stop).ConfigureAwait(false))
        {
            if (message.Kind == RedisMessageKind.Missed)
            {
                Lose("messages of other nodes may have been missed");
            }
            else if (message.Channel.ToString() == _names.Channel)
            {
                Handle(client, message.Payload.Span);
            }
            else
            {
                HandleAnswer(message.Text);
            }
        }
    }

    private void HandleAnswer(string text)
    {
        if (Volatile.Read(ref _probe)?.TryHear(text) == true)
        {
            return;
        }

        if (text.Split(' ') is ["confirm", var id, var node] && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            Confirmations.Confirmed(number, node);
        }
    }

    private void Handle(RedisClient client, ReadOnlySpan<byte> payload)
    {
        if (!InvalidationMessage.TryParse(payload, out var number, out var stamp, out var message))
        {
            Log.MessageUnreadable(_logger, _cacheName, payload.Length);
            Lose("a message of another node could not be read");
            return;
        }

        _serverClock.Saw(stamp);
        message.Mark(_marks, stamp);
        if (message.Everything || message.Tags is not null || message.Patterns is not null)
        {
            Invalidated?.Invoke();
        }

        if (message.Node != Node)
        {
            message.Apply(_local);
        }

        if (!TryCount(number))
        {
            Lose("a message of another node was missed");
        }

        if (message.Confirm != 0 && message.Node != Node)
        {
            _ = ConfirmAsync(client, message);
        }
    }

    private bool TryCount(long number)
    {
        lock (_lock)
        {
            if (_isReady && number > _handled + 1)
            {
                return false;
            }

            _handled = Math.Max(_handled, number);
            if (_isReady)
            {
                TrustIfHandled();
            }

            return true;
        }
    }

    private async Task ConfirmAsync(RedisClient client, InvalidationMessage message)
    {
        try
        {
            await client.ExecuteAsync(
                RedisPublisher.Command(IsCluster), _stopping.Token, [(RedisKey)(_names.AnswersPrefix + message.Node), $"confirm {message.Confirm.ToString(CultureInfo.InvariantCulture)} {Node}"])
                .ConfigureAwait(false);
        }
        catch (Exception e) when (e is RedisException or OperationCanceledException)
        {
            // the sender waits until this node's trust has ended
        }
    }
}
