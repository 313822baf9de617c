namespace Millrace.Caching.WriteBehind;

/// <summary>What the host and readers need of a write-behind, whatever the type of its values.</summary>
internal interface IWriteBehind
{
    /// <summary>Makes the store ready and starts flushing, unless that has begun.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Flushes what this node owns, as long as the grace lasts.</summary>
    Task StopAsync(CancellationToken cancellationToken);
}
