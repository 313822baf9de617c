using Millrace.Redis.Connection;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Push;

/// <summary>
/// Sends each command of a client with <c>CLIENT CACHING YES</c> directly before it. A node that is taking over a slot has to be sent ASKING
/// instead and remembers nothing: then the command's keys are told as invalidated before it is sent, so that nobody keeps what it reads.
/// </summary>
internal sealed class TrackedCommands(RedisClient client, TrackingWatch watch) : RedisCommands
{
    private readonly PrefixCommand _prefix = PrefixCommand.Caching(watch.OnUntracked);

    private protected override SlotUse SlotUse => client.SlotUseOfCommands;

    private protected override ValueTask<T> SendAsync<T>(RedisOperation<T> operation, CancellationToken cancellationToken)
    {
        operation.Prefix = _prefix;
        return client.SendOperationAsync(operation, cancellationToken);
    }
}
