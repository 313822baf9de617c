namespace Millrace.AspNetCore.OutputCaching;

/// <summary>A rendered response as ASP.NET Core serialized it. Never changed once stored, so readers share it.</summary>
internal sealed class OutputPage(byte[] body)
{
    /// <summary>What the cache charges for a page besides its body: the object, the array's head.</summary>
    private const int OverheadBytes = 64;

    public byte[] Body { get; } = body;

    public long Weight => Body.Length + OverheadBytes;
}
