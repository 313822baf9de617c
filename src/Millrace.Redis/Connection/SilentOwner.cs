namespace Millrace.Redis.Connection;

/// <summary>Owns connections that carry no more than the handshake and a question.</summary>
internal sealed class SilentOwner : IConnectionOwner
{
    public static SilentOwner Instance { get; } = new();

    public void OnPush(RespConnection connection, ref RespReader push)
    {
        // Nothing was subscribed.
    }

    public void OnRoom(RespConnection connection)
    {
        // Nothing waits.
    }

    public void OnClosed(RespConnection connection, Exception reason, IReadOnlyList<(RedisOperation Operation, RedisDelivery Delivery)> unanswered)
    {
        foreach (var (operation, _) in unanswered)
        {
            operation.Fail(reason);
        }
    }
}
