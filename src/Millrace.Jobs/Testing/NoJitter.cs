using Millrace.Jobs.Diagnostics;

namespace Millrace.Jobs.Testing;

/// <summary>Leaves nothing to chance: every delay is its policy's longest.</summary>
internal sealed class NoJitter : Jitter
{
    public override double Next() => 0;
}
