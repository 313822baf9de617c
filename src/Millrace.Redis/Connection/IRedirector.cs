using System.Buffers;

namespace Millrace.Redis.Connection;

/// <summary>Sends commands elsewhere that a server refused without running them.</summary>
internal interface IRedirector
{
    /// <summary>Looks at an error reply. Called on the connection's reader: must not block.</summary>
    /// <returns>Whether the operation has been taken over: it will be sent again.</returns>
    bool TryRedirect(RedisOperation operation, in ReadOnlySequence<byte> error, RespConnection connection);
}
