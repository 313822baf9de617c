namespace Millrace.Caching.Remote;

/// <summary>What the second level says to a read.</summary>
internal enum RemoteAnswerKind
{
    /// <summary>It cannot be asked now.</summary>
    Unavailable,

    /// <summary>It has nothing valid.</summary>
    Missing,

    /// <summary>It has a valid entry.</summary>
    Hit,

    /// <summary>Another reader is at the source.</summary>
    Leased,

    /// <summary>This reader has the lease now.</summary>
    Granted,

    /// <summary>The source failed a short while ago, and is to be left alone.</summary>
    Failing,

    /// <summary>What was found before is not there any more: ask again.</summary>
    Changed,
}
