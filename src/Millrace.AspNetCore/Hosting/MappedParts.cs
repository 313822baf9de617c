namespace Millrace.AspNetCore.Hosting;

/// <summary>What was mapped, for what is said at start.</summary>
internal sealed class MappedParts
{
    public bool Management { get; set; }
}
