namespace Millrace.TestKit.Redis;

/// <summary>What a <see cref="SentinelGroup" /> is started with.</summary>
public sealed record SentinelSetup
{
    /// <summary>The password of the data servers; null: none.</summary>
    public string? Password { get; init; }

    /// <summary>Not null: the only user of the data servers, with <see cref="Password" />.</summary>
    public string? User { get; init; }

    /// <summary>The password of the Sentinels; null: none.</summary>
    public string? SentinelPassword { get; init; }

    /// <summary>How long a server does not answer before a Sentinel thinks it down.</summary>
    public TimeSpan DownAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Sentinel's failover-timeout: twice this long after a failover that failed the next is tried.</summary>
    public TimeSpan FailoverTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Further arguments of the data servers' program.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];
}
