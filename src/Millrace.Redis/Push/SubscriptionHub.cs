using System.Buffers;
using Millrace.Redis.Connection;

namespace Millrace.Redis.Push;

/// <summary>
/// The subscriptions of one client. Subscriptions to the same channel share one at the server; each server has one connection for all channels
/// that belong to it. A channel without a server, because none is known or its slot has moved, looks for one again with a growing delay.
/// </summary>
/// <param name="context">What the client's connections share.</param>
/// <param name="nodeOf">The server of a slot; of any channel for -1. Throws <see cref="RedisConnectionException"/> when none is known.</param>
/// <param name="refresh">Asks for the servers anew; must not block.</param>
internal sealed class SubscriptionHub(ClientContext context, Func<int, ServerNode> nodeOf, Action refresh) : IClockWatcher, IAsyncDisposable
{
    private readonly Dictionary<byte[], SubscribedChannel>[] _channels = [New(), New(), New()]; // for each kind
    private readonly Dictionary<ServerNode, SubscriberLink> _links = [];
    private readonly HashSet<SubscribedChannel> _homeless = [];
    private readonly List<Task> _ending = []; // of links whose servers have lost their part
    private int _count;
    private bool _isDisposed;

    /// <summary>Guards everything here, the links, the channels and the lists of the subscriptions.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Subscribes.</summary>
    public async ValueTask<RedisSubscription> SubscribeAsync(
        ChannelKind kind, IReadOnlyList<RedisKey> keys, RedisSubscriptionOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var subscription = new RedisSubscription(this, options);
        try
        {
            var channels = Join(subscription, kind, keys);
            await ConfirmedAsync(subscription, channels, cancellationToken).ConfigureAwait(false);
            return subscription;
        }
        catch
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes a subscription's channels away from it.</summary>
    public void Leave(RedisSubscription subscription)
    {
        lock (Gate)
        {
            foreach (var channel in subscription.Channels)
            {
                channel.Readers = [.. channel.Readers.Where(reader => reader != subscription)];
                if (channel.Readers.Length == 0)
                {
                    OnUnread(channel);
                }
            }

            subscription.Channels.Clear();
        }
    }

    /// <summary>A publication, or a shard channel that a server gave up. On the connection's thread.</summary>
    public void OnPush(SubscriberLink link, ref RespReader push)
    {
        var parts = push.ReadAggregateHeader();
        if (parts < 3 || !push.TryReadContent(out var kind))
        {
            return;
        }

        switch (kind.IsSingleSegment ? kind.FirstSpan : kind.ToArray())
        {
            case var name when name.SequenceEqual("message"u8):
                Deliver(link, ChannelKind.Name, ref push);
                break;
            case var name when name.SequenceEqual("pmessage"u8) && parts > 3:
                Deliver(link, ChannelKind.Pattern, ref push);
                break;
            case var name when name.SequenceEqual("smessage"u8):
                Deliver(link, ChannelKind.Shard, ref push);
                break;
            case var name when name.SequenceEqual("sunsubscribe"u8):
                OnMovedAway(link, ref push);
                break;
        }
    }

    /// <summary>A server answered the command of a channel. On the connection's thread.</summary>
    public void OnConfirmed(SubscriberLink link, SubscribedChannel channel)
    {
        lock (Gate)
        {
            if (channel.Link != link)
            {
                return; // it has moved to another server since
            }

            if (channel.Phase == ChannelPhase.Subscribing)
            {
                channel.OnSubscribed();
            }
            else
            {
                channel.OnLost();
            }

            if (channel.Readers.Length == 0)
            {
                OnUnread(channel);
            }
            else if (channel.Next is not null)
            {
                link.Want(channel);
            }
        }
    }

    /// <summary>A server refused the command of a channel. On the connection's thread.</summary>
    public void OnRefused(SubscriberLink link, SubscribedChannel channel, RedisServerException refusal)
    {
        lock (Gate)
        {
            if (channel.Link != link)
            {
                return; // it has moved to another server since
            }

            channel.OnLost();
            if (channel.Readers.Length == 0)
            {
                OnUnread(channel);
            }
            else if (IsPassing(refusal.Code))
            {
                link.Forget(channel);
                WaitForServer(channel);
            }
            else
            {
                Fail(channel, refusal);
            }
        }
    }

    /// <summary>A connection was lost or could not be made: channels whose server is another one by now move there.</summary>
    public void Reroute(SubscriberLink link)
    {
        lock (Gate)
        {
            if (_isDisposed)
            {
                return;
            }

            foreach (var channel in AllChannels().Where(channel => channel.Link == link && channel.Phase == ChannelPhase.Unknown).ToArray())
            {
                Route(channel);
            }
        }

        refresh();
    }

    /// <summary>A server has lost its part: its channels go to others.</summary>
    public void OnRetired(SubscriberLink link)
    {
        lock (Gate)
        {
            if (_isDisposed || !_links.Remove(link.Node))
            {
                return;
            }

            _ending.RemoveAll(static task => task.IsCompleted);
            var channels = link.GiveUp();
            _ending.Add(link.DisposeAsync().AsTask());
            RemoveUnread(channels);
            foreach (var channel in channels.Where(static channel => channel.Readers.Length > 0))
            {
                Route(channel);
            }
        }
    }

    /// <summary>Drops channels that nobody reads and no server knows. Under the lock.</summary>
    public void RemoveUnread(IEnumerable<SubscribedChannel> channels)
    {
        foreach (var channel in channels.Where(static channel => channel.Readers.Length == 0).ToArray())
        {
            OnUnread(channel);
        }
    }

    public void OnTick(long now)
    {
        SubscriberLink[] links;
        lock (Gate)
        {
            foreach (var channel in _homeless.Where(channel => now >= channel.RetryAt).ToArray())
            {
                _homeless.Remove(channel);
                Route(channel);
            }

            links = [.. _links.Values];
        }

        foreach (var link in links)
        {
            link.OnTick(now);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task[] ending;
        lock (Gate)
        {
            _isDisposed = true;
            foreach (var channel in AllChannels().ToArray())
            {
                Fail(channel, new RedisConnectionException("The subscription has ended: the client has been disposed."));
            }

            ending = [.. _ending, .. _links.Values.Select(static link => link.DisposeAsync().AsTask())];
        }

        context.Clock.Unwatch(this);
        await Task.WhenAll(ending).ConfigureAwait(false);
    }

    private static Dictionary<byte[], SubscribedChannel> New() => new(BytesComparer.Instance);

    /// <summary>Whether a refusal says where the server is, or that it is not ready, rather than that it will not.</summary>
    private static bool IsPassing(string code) => code is "MOVED" or "ASK" or "TRYAGAIN" or "CLUSTERDOWN" or "LOADING" or "MASTERDOWN" or "BUSY";

    private IEnumerable<SubscribedChannel> AllChannels() => _channels.SelectMany(static channels => channels.Values);

    private SubscribedChannel[] Join(RedisSubscription subscription, ChannelKind kind, IReadOnlyList<RedisKey> keys)
    {
        var ofKind = _channels[(int)kind];
        lock (Gate)
        {
            if (_isDisposed)
            {
                throw new RedisConnectionException("Nothing was subscribed to: the client has been disposed.");
            }

            context.Clock.Watch(this);
            foreach (var key in keys)
            {
                var name = key.ToArray();
                if (!ofKind.TryGetValue(name, out var channel))
                {
                    if (_count >= context.Options.MaximumChannels)
                    {
                        throw new RedisException(
                            $"The client is subscribed to {_count} channels and patterns already ({nameof(RedisOptions.MaximumChannels)}): raise it, or subscribe to fewer.");
                    }

                    _count++;
                    ofKind.Add(name, channel = new SubscribedChannel(kind, key.IsText ? key : new RedisKey(name), name, context.Options));
                }

                if (!subscription.Channels.Contains(channel))
                {
                    subscription.Channels.Add(channel);
                    channel.Readers = [.. channel.Readers, subscription];
                }

                if (channel.Link is { } link)
                {
                    link.Want(channel);
                }
                else if (!_homeless.Contains(channel))
                {
                    Route(channel);
                }
            }

            return [.. subscription.Channels];
        }
    }

    private async ValueTask ConfirmedAsync(RedisSubscription subscription, SubscribedChannel[] channels, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(context.Options.CommandTimeout, context.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        foreach (var channel in channels)
        {
            try
            {
                await Task.WhenAny(Confirmation(channel), subscription.Buffer.Failed).WaitAsync(both.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw Late(channel);
            }

            if (subscription.Buffer.Failed.IsCompleted)
            {
                throw await subscription.Buffer.Failed.ConfigureAwait(false);
            }
        }
    }

    private Task Confirmation(SubscribedChannel channel)
    {
        lock (Gate)
        {
            return channel.Phase == ChannelPhase.Subscribed ? Task.CompletedTask : channel.Confirmed.Task;
        }
    }

    private RedisTimeoutException Late(SubscribedChannel channel)
    {
        lock (Gate)
        {
            var why = channel switch
            {
                { Link: null } => "no server is known for it",
                { Phase: ChannelPhase.Unknown, Link.Failure: { } failure } => $"there is no connection to {channel.Link.Server} ({failure.Message})",
                { Phase: ChannelPhase.Unknown } => $"it was not sent to {channel.Link.Server}",
                _ => $"{channel.Link.Server} did not confirm it",
            };
            return new RedisTimeoutException(
                $"{channel.Command} was given up after {context.Options.CommandTimeout.TotalMilliseconds:0} ms (CommandTimeout): {why}.",
                channel.Link?.Server, channel.Command, channel.Phase == ChannelPhase.Unknown ? RedisDelivery.NotSent : RedisDelivery.MayHaveRun);
        }
    }

    private void Deliver(SubscriberLink link, ChannelKind kind, ref RespReader push)
    {
        push.TryReadContent(out var name);
        SubscribedChannel? channel;
        RedisSubscription[] readers;
        lock (Gate)
        {
            channel = Find(kind, name);
            if (channel is not { Phase: ChannelPhase.Subscribed } || channel.Link != link)
            {
                return;
            }

            readers = channel.Readers;
        }

        // Outside the lock, but still on the connection's thread, which adds marks too: the order holds.
        var message = kind switch
        {
            ChannelKind.Name => new RedisMessage(RedisMessageKind.Channel, channel.Key, pattern: null, push.ReadBytes()),
            ChannelKind.Shard => new RedisMessage(RedisMessageKind.Shard, channel.Key, pattern: null, push.ReadBytes()),
            _ => new RedisMessage(RedisMessageKind.Pattern, push.ReadBytes() ?? [], channel.Key, push.ReadBytes()),
        };
        foreach (var reader in readers)
        {
            reader.Buffer.Add(message);
        }
    }

    private void OnMovedAway(SubscriberLink link, ref RespReader push)
    {
        push.TryReadContent(out var name);
        lock (Gate)
        {
            var channel = Find(ChannelKind.Shard, name);
            if (channel is not { Phase: ChannelPhase.Subscribed } || channel.Link != link)
            {
                return; // what is under way will be answered
            }

            channel.OnLost();
            link.Forget(channel);
            if (channel.Readers.Length == 0)
            {
                OnUnread(channel);
            }
            else
            {
                WaitForServer(channel);
            }
        }
    }

    private SubscribedChannel? Find(ChannelKind kind, in ReadOnlySequence<byte> name)
    {
        _channels[(int)kind].GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name.IsSingleSegment ? name.FirstSpan : name.ToArray(), out var channel);
        return channel;
    }

    /// <summary>Gives a channel that no server knows to the connection of its server. Under the lock.</summary>
    private void Route(SubscribedChannel channel)
    {
        ServerNode node;
        try
        {
            node = nodeOf(channel.Slot);
        }
        catch (RedisException)
        {
            channel.Link?.Forget(channel);
            WaitForServer(channel);
            return;
        }

        if (!_links.TryGetValue(node, out var link))
        {
            _links.Add(node, link = new SubscriberLink(this, node, context));
            node.Retired.UnsafeRegister(static link => ((SubscriberLink)link!).Retire(), link);
        }

        if (channel.Link != link)
        {
            channel.Link?.Forget(channel);
        }

        if (node.Retired.IsCancellationRequested)
        {
            link.Forget(channel);
            WaitForServer(channel); // the topology will name another one
        }
        else
        {
            link.Want(channel);
        }
    }

    /// <summary>Looks for a channel's server later, when the topology has been asked anew. Under the lock.</summary>
    private void WaitForServer(SubscribedChannel channel)
    {
        channel.RetryAt = context.Clock.Now + (long)channel.Backoff.Next().TotalMilliseconds;
        _homeless.Add(channel);
        refresh();
    }

    /// <summary>Nobody reads a channel any more. Under the lock.</summary>
    private void OnUnread(SubscribedChannel channel)
    {
        if (channel.Phase == ChannelPhase.Unknown)
        {
            channel.Link?.Forget(channel);
            _homeless.Remove(channel);
            if (_channels[(int)channel.Kind].Remove(channel.Name))
            {
                _count--;
            }
        }
        else
        {
            channel.Link?.Want(channel); // to tell the server, once it has answered what is under way
        }
    }

    /// <summary>Ends the subscriptions that read a channel. Under the lock.</summary>
    private void Fail(SubscribedChannel channel, RedisException error)
    {
        foreach (var reader in channel.Readers)
        {
            reader.Buffer.End(error);
            Leave(reader);
        }
    }
}
