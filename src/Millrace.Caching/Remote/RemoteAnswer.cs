namespace Millrace.Caching.Remote;

/// <summary>The second level's answer. An object, because it goes through several asynchronous methods, which would copy it each time.</summary>
internal sealed record RemoteAnswer(RemoteAnswerKind Kind)
{
    /// <summary>The entry, of a hit; of <see cref="RemoteAnswerKind.Missing"/> what is there and not valid, if anything readable is.</summary>
    public RemoteEntry Entry { get; init; }

    /// <summary>The lease, when it was granted.</summary>
    public RemoteLease? Lease { get; init; }

    /// <summary>How long another reader's lease lasts at most.</summary>
    public TimeSpan LeaseLeft { get; init; }

    /// <summary>Of <see cref="RemoteAnswerKind.Missing"/>: the entry has expired, and nothing else speaks against it.</summary>
    public bool IsExpired { get; init; }

    /// <summary>What tells the entry that is there from every other: the beginning of its bytes, up to its checksum.</summary>
    public ReadOnlyMemory<byte> Mark { get; init; }
}
