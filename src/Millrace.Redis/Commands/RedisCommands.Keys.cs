using Millrace.Redis.Commands;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

public abstract partial class RedisCommands
{
    private static readonly CommandName PExpire = CommandName.Write("PEXPIRE");
    private static readonly CommandName PExpireAt = CommandName.Write("PEXPIREAT");
    private static readonly CommandName Persist = CommandName.Write("PERSIST");
    private static readonly CommandName PTtl = CommandName.Read("PTTL");
    private static readonly CommandName PExpireTime = CommandName.Read("PEXPIRETIME");
    private static readonly CommandName Type = CommandName.Read("TYPE");
    private static readonly CommandName Rename = CommandName.Write("RENAME");
    private static readonly CommandName RenameNx = CommandName.Write("RENAMENX");
    private static readonly CommandName Copy = CommandName.Write("COPY");
    private static readonly CommandName ObjectEncoding = CommandName.Read("OBJECT ENCODING");

    /// <summary>PEXPIRE or PEXPIREAT: sets when a key expires, always or depending on its expiry so far.</summary>
    /// <param name="key">The key.</param>
    /// <param name="expiry">After a while or at a moment; one that has passed removes the key.</param>
    /// <param name="condition">Whether it must have none (NX), have one (XX), or an earlier (GT) or later one (LT) than this. Default: always.
    /// Conditions need a server of version 7.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Whether it was set: false when there is no such key, or the condition did not hold.</returns>
    /// <exception cref="ArgumentException"><paramref name="expiry"/> has no time: see <see cref="PersistAsync"/>.</exception>
    public ValueTask<bool> ExpireAsync(
        RedisKey key, RedisExpiry expiry, RedisCondition condition = RedisCondition.Always, CancellationToken cancellationToken = default)
    {
        var time = RedisExpiry.Time(expiry, out var isMoment);
        var arguments = new ArgumentList(3);
        arguments.Add(key);
        arguments.Add(time);
        arguments.Add(condition);
        return SendAsync(isMoment ? PExpireAt : PExpire, Replies.Boolean, ref arguments, cancellationToken);
    }

    /// <summary>PERSIST: takes a key's expiry away.</summary>
    /// <returns>Whether it had one.</returns>
    public ValueTask<bool> PersistAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(Persist, Replies.Boolean, cancellationToken, key);

    /// <summary>PTTL: how long a key still lives.</summary>
    /// <returns>In whole milliseconds; <see cref="Timeout.InfiniteTimeSpan"/> when it does not expire; null when there is no such key.</returns>
    public ValueTask<TimeSpan?> TtlAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(PTtl, Replies.Duration, cancellationToken, key);

    /// <summary>PEXPIRETIME: when a key expires. Needs a server of version 7.</summary>
    /// <returns>In whole milliseconds of the server's clock; <see cref="DateTimeOffset.MaxValue"/> when it does not expire
    /// before the year 10,000; null when there is no such key.</returns>
    public ValueTask<DateTimeOffset?> ExpireTimeAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(PExpireTime, Replies.Moment, cancellationToken, key);

    /// <summary>TYPE: what a key holds.</summary>
    /// <returns><c>string</c>, <c>list</c>, <c>set</c>, <c>zset</c>, <c>hash</c>, <c>stream</c> or a module's type; <c>none</c> when there is no such key.</returns>
    public ValueTask<string?> TypeAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(Type, Replies.Text, cancellationToken, key);

    /// <summary>RENAME: gives a key another name, over one that is there. In a cluster both have to share a slot.</summary>
    /// <exception cref="RedisServerException">There is no such key.</exception>
    public ValueTask RenameAsync(RedisKey key, RedisKey newKey, CancellationToken cancellationToken = default) =>
        EndAsync(SendAsync(Rename, Replies.Boolean, cancellationToken, key, newKey));

    /// <summary>RENAMENX: gives a key another name if that is free. In a cluster both have to share a slot.</summary>
    /// <returns>Whether it was free.</returns>
    /// <exception cref="RedisServerException">There is no such key.</exception>
    public ValueTask<bool> RenameNxAsync(RedisKey key, RedisKey newKey, CancellationToken cancellationToken = default) =>
        SendAsync(RenameNx, Replies.Boolean, cancellationToken, key, newKey);

    /// <summary>COPY: copies a key with its expiry. In a cluster both have to share a slot.</summary>
    /// <param name="source">The key.</param>
    /// <param name="destination">The copy's key.</param>
    /// <param name="replace">Whether to overwrite one that is there. Default: false.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Whether it was copied: false when there is no source, or the destination is there.</returns>
    public ValueTask<bool> CopyAsync(RedisKey source, RedisKey destination, bool replace = false, CancellationToken cancellationToken = default) =>
        replace
            ? SendAsync(Copy, Replies.Boolean, cancellationToken, source, destination, "REPLACE")
            : SendAsync(Copy, Replies.Boolean, cancellationToken, source, destination);

    /// <summary>OBJECT ENCODING: how the server keeps a value in memory.</summary>
    /// <returns>Such as <c>listpack</c>; null when there is no such key (some servers answer with an error then).</returns>
    public ValueTask<string?> ObjectEncodingAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(ObjectEncoding, Replies.Text, cancellationToken, key);
}
