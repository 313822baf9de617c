namespace Millrace.Redis.Diagnostics;

/// <summary>What is to be said when a server cannot be reached.</summary>
internal enum OutageNews
{
    /// <summary>It was said.</summary>
    None,

    /// <summary>The outage has just begun.</summary>
    Started,

    /// <summary>The server refuses the credentials, for the first time in this outage.</summary>
    CredentialsRefused,
}
