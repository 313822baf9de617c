using Millrace.Redis.Commands;
using Millrace.Redis.Protocol;

namespace Millrace.Redis;

public abstract partial class RedisCommands
{
    private static readonly CommandName SAdd = CommandName.Write("SADD");
    private static readonly CommandName SRem = CommandName.Write("SREM");
    private static readonly CommandName SMembers = CommandName.Read("SMEMBERS");
    private static readonly CommandName SIsMember = CommandName.Read("SISMEMBER");
    private static readonly CommandName SMIsMember = CommandName.Read("SMISMEMBER");
    private static readonly CommandName SCard = CommandName.Read("SCARD");
    private static readonly CommandName SPop = CommandName.Write("SPOP");
    private static readonly CommandName SRandMember = CommandName.Read("SRANDMEMBER");
    private static readonly CommandName SMove = CommandName.Write("SMOVE");
    private static readonly CommandName SInter = CommandName.Read("SINTER");
    private static readonly CommandName SUnion = CommandName.Read("SUNION");
    private static readonly CommandName SDiff = CommandName.Read("SDIFF");
    private static readonly CommandName SInterStore = CommandName.Write("SINTERSTORE");
    private static readonly CommandName SUnionStore = CommandName.Write("SUNIONSTORE");
    private static readonly CommandName SDiffStore = CommandName.Write("SDIFFSTORE");

    /// <summary>SADD: adds a member to a set.</summary>
    /// <returns>Whether it is new.</returns>
    public ValueTask<bool> SAddAsync(RedisKey key, RedisArgument member, CancellationToken cancellationToken = default) =>
        SendAsync(SAdd, Replies.Boolean, cancellationToken, key, member);

    /// <summary>SADD: adds members to a set.</summary>
    /// <returns>How many are new. No members: 0, without asking.</returns>
    public ValueTask<long> SAddAsync(RedisKey key, ReadOnlySpan<RedisArgument> members, CancellationToken cancellationToken = default) =>
        members.IsEmpty ? new(0) : SendAsync(SAdd, Replies.Integer, key, members, cancellationToken);

    /// <summary>SREM: removes a member of a set.</summary>
    /// <returns>Whether it was there.</returns>
    public ValueTask<bool> SRemAsync(RedisKey key, RedisArgument member, CancellationToken cancellationToken = default) =>
        SendAsync(SRem, Replies.Boolean, cancellationToken, key, member);

    /// <summary>SREM: removes members of a set.</summary>
    /// <returns>How many were there. No members: 0, without asking.</returns>
    public ValueTask<long> SRemAsync(RedisKey key, ReadOnlySpan<RedisArgument> members, CancellationToken cancellationToken = default) =>
        members.IsEmpty ? new(0) : SendAsync(SRem, Replies.Integer, key, members, cancellationToken);

    /// <summary>SMEMBERS: all members of a set.</summary>
    /// <returns>In no order; empty when there is no such key.</returns>
    public ValueTask<byte[][]> SMembersAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(SMembers, Replies.Values, cancellationToken, key);

    /// <summary>SISMEMBER: whether a set has a member.</summary>
    public ValueTask<bool> SIsMemberAsync(RedisKey key, RedisArgument member, CancellationToken cancellationToken = default) =>
        SendAsync(SIsMember, Replies.Boolean, cancellationToken, key, member);

    /// <summary>SMISMEMBER: which members a set has.</summary>
    /// <returns>In the order of the members. No members: empty, without asking.</returns>
    public ValueTask<bool[]> SMIsMemberAsync(RedisKey key, ReadOnlySpan<RedisArgument> members, CancellationToken cancellationToken = default) =>
        members.IsEmpty ? new([]) : SendAsync(SMIsMember, Replies.Booleans, key, members, cancellationToken);

    /// <summary>SCARD: how many members a set has.</summary>
    /// <returns>0 when there is no such key.</returns>
    public ValueTask<long> SCardAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(SCard, Replies.Integer, cancellationToken, key);

    /// <summary>SPOP: takes a random member out of a set.</summary>
    /// <returns>Null when there is none.</returns>
    public ValueTask<byte[]?> SPopAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(SPop, Replies.Bytes, cancellationToken, key);

    /// <summary>SPOP: takes random members out of a set.</summary>
    /// <returns>At most <paramref name="count"/>; empty when there are none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public ValueTask<byte[][]> SPopAsync(RedisKey key, int count, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return SendAsync(SPop, Replies.Values, cancellationToken, key, count);
    }

    /// <summary>SRANDMEMBER: a random member of a set.</summary>
    /// <returns>Null when there is none.</returns>
    public ValueTask<byte[]?> SRandMemberAsync(RedisKey key, CancellationToken cancellationToken = default) =>
        SendAsync(SRandMember, Replies.Bytes, cancellationToken, key);

    /// <summary>SRANDMEMBER: random members of a set.</summary>
    /// <param name="key">The key.</param>
    /// <param name="count">At most how many different ones; negative: exactly that many, the same ones perhaps.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Empty when there are none.</returns>
    public ValueTask<byte[][]> SRandMemberAsync(RedisKey key, int count, CancellationToken cancellationToken = default) =>
        SendAsync(SRandMember, Replies.Values, cancellationToken, key, count);

    /// <summary>SMOVE: moves a member from one set to another in one step. In a cluster both have to share a slot.</summary>
    /// <returns>Whether the source had it.</returns>
    public ValueTask<bool> SMoveAsync(RedisKey source, RedisKey destination, RedisArgument member, CancellationToken cancellationToken = default) =>
        SendAsync(SMove, Replies.Boolean, cancellationToken, source, destination, member);

    /// <summary>SINTER: the members that all sets have. In a cluster the keys have to share a slot.</summary>
    /// <returns>In no order.</returns>
    /// <exception cref="ArgumentException">There are no keys.</exception>
    public ValueTask<byte[][]> SInterAsync(ReadOnlySpan<RedisKey> keys, CancellationToken cancellationToken = default) =>
        SendAsync(SInter, Replies.Values, NotEmpty(keys, nameof(keys)), cancellationToken);

    /// <summary>SUNION: the members that any of the sets has. In a cluster the keys have to share a slot.</summary>
    /// <returns>In no order.</returns>
    /// <exception cref="ArgumentException">There are no keys.</exception>
    public ValueTask<byte[][]> SUnionAsync(ReadOnlySpan<RedisKey> keys, CancellationToken cancellationToken = default) =>
        SendAsync(SUnion, Replies.Values, NotEmpty(keys, nameof(keys)), cancellationToken);

    /// <summary>SDIFF: the members of the first set that no other one has. In a cluster the keys have to share a slot.</summary>
    /// <returns>In no order.</returns>
    /// <exception cref="ArgumentException">There are no keys.</exception>
    public ValueTask<byte[][]> SDiffAsync(ReadOnlySpan<RedisKey> keys, CancellationToken cancellationToken = default) =>
        SendAsync(SDiff, Replies.Values, NotEmpty(keys, nameof(keys)), cancellationToken);

    /// <summary>SINTERSTORE: as <see cref="SInterAsync"/>, written to a key, which is removed when the result is empty.</summary>
    /// <returns>How many members the result has.</returns>
    /// <exception cref="ArgumentException">There are no keys.</exception>
    public ValueTask<long> SInterStoreAsync(RedisKey destination, ReadOnlySpan<RedisKey> keys, CancellationToken cancellationToken = default) =>
        SendStoreAsync(SInterStore, destination, keys, cancellationToken);

    /// <summary>SUNIONSTORE: as <see cref="SUnionAsync"/>, written to a key, which is removed when the result is empty.</summary>
    /// <returns>How many members the result has.</returns>
    /// <exception cref="ArgumentException">There are no keys.</exception>
    public ValueTask<long> SUnionStoreAsync(RedisKey destination, ReadOnlySpan<RedisKey> keys, CancellationToken cancellationToken = default) =>
        SendStoreAsync(SUnionStore, destination, keys, cancellationToken);

    /// <summary>SDIFFSTORE: as <see cref="SDiffAsync"/>, written to a key, which is removed when the result is empty.</summary>
    /// <returns>How many members the result has.</returns>
    /// <exception cref="ArgumentException">There are no keys.</exception>
    public ValueTask<long> SDiffStoreAsync(RedisKey destination, ReadOnlySpan<RedisKey> keys, CancellationToken cancellationToken = default) =>
        SendStoreAsync(SDiffStore, destination, keys, cancellationToken);

    private ValueTask<long> SendStoreAsync(CommandName name, RedisKey destination, ReadOnlySpan<RedisKey> keys, CancellationToken cancellationToken)
    {
        var arguments = new ArgumentList(1 + keys.Length);
        arguments.Add(destination);
        arguments.Add(NotEmpty(keys, nameof(keys)));
        return SendAsync(name, Replies.Integer, ref arguments, cancellationToken);
    }
}
