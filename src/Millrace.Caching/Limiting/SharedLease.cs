using System.Threading.RateLimiting;

namespace Millrace.Caching.Limiting;

/// <summary>A decision as .NET's limiters give it.</summary>
internal sealed class SharedLease(Decision decision) : RateLimitLease
{
    public override bool IsAcquired => decision.IsAcquired;

    public override IEnumerable<string> MetadataNames =>
    [
        SharedRateLimiters.RemainingPermits.Name,
        .. decision.IsAcquired ? [] : new[] { MetadataName.RetryAfter.Name },
        .. decision.Reason is null ? [] : new[] { MetadataName.ReasonPhrase.Name },
    ];

    public override bool TryGetMetadata(string metadataName, out object? metadata)
    {
        metadata = metadataName == SharedRateLimiters.RemainingPermits.Name ? decision.Remaining
            : metadataName == MetadataName.RetryAfter.Name && !decision.IsAcquired ? decision.RetryAfter
            : metadataName == MetadataName.ReasonPhrase.Name ? decision.Reason
            : null;
        return metadata is not null;
    }
}
