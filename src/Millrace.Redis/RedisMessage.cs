using System.Text;

namespace Millrace.Redis;

/// <summary>What a <see cref="RedisSubscription"/> received. Immutable; several subscriptions may be given the same one.</summary>
public sealed class RedisMessage
{
    internal RedisMessage(RedisMessageKind kind, RedisKey channel, RedisKey? pattern, ReadOnlyMemory<byte> payload)
    {
        Kind = kind;
        Channel = channel;
        Pattern = pattern;
        Payload = payload;
    }

    /// <summary>What it is: look for <see cref="RedisMessageKind.Missed"/> first.</summary>
    public RedisMessageKind Kind { get; }

    /// <summary>The channel it was published to; empty for a mark.</summary>
    public RedisKey Channel { get; }

    /// <summary>The pattern that the channel's name fits; null but for <see cref="RedisMessageKind.Pattern"/>.</summary>
    public RedisKey? Pattern { get; }

    /// <summary>What was published, not to be changed; empty for a mark.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary><see cref="Payload"/> as text: bytes that are no UTF-8 become replacement characters.</summary>
    public string Text => Encoding.UTF8.GetString(Payload.Span);

    /// <summary>For a mark: how many messages were dropped here because the buffer was full, at least; 0 when none was, and for messages.</summary>
    public long Dropped { get; init; }

    /// <summary>Bytes that it counts for in a buffer.</summary>
    internal long SizeBytes => Payload.Length;

    /// <summary>The kind, and the channel or what was dropped; the payload is not shown, because it may be a secret.</summary>
    public override string ToString() => Kind == RedisMessageKind.Missed ? $"Missed, {Dropped} dropped" : $"{Kind} {Channel}, {Payload.Length} bytes";

    internal static RedisMessage Missed(long dropped) => new(RedisMessageKind.Missed, default, pattern: null, default) { Dropped = dropped };
}
