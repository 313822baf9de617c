using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Push;

/// <summary>A channel or a pattern that at least one subscription of the client reads, or did just now. Guarded by the hub's lock.</summary>
internal sealed class SubscribedChannel(ChannelKind kind, RedisKey key, byte[] name, RedisOptions options)
{
    private static readonly CommandName[] Subscribing = [CommandName.Write("SUBSCRIBE"), CommandName.Write("PSUBSCRIBE"), CommandName.Write("SSUBSCRIBE")];
    private static readonly CommandName[] Unsubscribing = [CommandName.Write("UNSUBSCRIBE"), CommandName.Write("PUNSUBSCRIBE"), CommandName.Write("SUNSUBSCRIBE")];

    public ChannelKind Kind => kind;

    public RedisKey Key => key;

    public byte[] Name => name;

    /// <summary>The slot that decides the server; -1: any server will do.</summary>
    public int Slot { get; } = kind == ChannelKind.Shard ? HashSlot.Of(name) : -1;

    /// <summary>Who reads it; replaced as a whole.</summary>
    public RedisSubscription[] Readers { get; set; } = [];

    /// <summary>Readers who were subscribed when the server was lost, until it confirms again. Null: it was not lost.</summary>
    public RedisSubscription[]? Missing { get; private set; }

    /// <summary>The connection it belongs to; null: its server is not known.</summary>
    public SubscriberLink? Link { get; set; }

    public ChannelPhase Phase { get; private set; }

    /// <summary>When a server is looked for again while <see cref="Link"/> is null.</summary>
    public long RetryAt { get; set; }

    /// <summary>Ends when the server confirms.</summary>
    public TaskCompletionSource Confirmed { get; private set; } = NewConfirmation();

    public Backoff Backoff { get; } = new(options);

    /// <summary>What has to be sent now; null: nothing.</summary>
    public CommandName? Next => Phase switch
    {
        ChannelPhase.Unknown when Readers.Length > 0 => Subscribing[(int)kind],
        ChannelPhase.Subscribed when Readers.Length == 0 => Unsubscribing[(int)kind],
        _ => null,
    };

    /// <summary>The command to name in messages.</summary>
    public string Command => Subscribing[(int)kind].Text;

    /// <summary><see cref="Next"/> is being sent.</summary>
    public void OnSending()
    {
        Phase = Phase == ChannelPhase.Unknown ? ChannelPhase.Subscribing : ChannelPhase.Unsubscribing;
        Renew();
    }

    /// <summary>The server confirmed: readers who were there before the loss are told that they may have missed something.</summary>
    public void OnSubscribed()
    {
        Phase = ChannelPhase.Subscribed;
        Backoff.Reset();
        foreach (var reader in Missing ?? [])
        {
            reader.Buffer.AddMark();
        }

        Missing = null;
        Confirmed.TrySetResult();
    }

    /// <summary>The server does not know it any more.</summary>
    public void OnLost()
    {
        if (Phase == ChannelPhase.Subscribed)
        {
            Missing ??= Readers;
        }

        Phase = ChannelPhase.Unknown;
        Renew();
    }

    private void Renew()
    {
        if (Confirmed.Task.IsCompleted)
        {
            Confirmed = NewConfirmation();
        }
    }

    private static TaskCompletionSource NewConfirmation() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
