namespace Millrace.Caching.WarmUp;

/// <summary>Some entries of a batch could not be filled, the others were.</summary>
internal sealed class BatchPartlyFilledException(int filled, int total, Exception last)
    : Exception($"{total - filled} of {total} entries could not be filled; the last: {last.GetType().Name}: {last.Message}", last)
{
    public int Filled { get; } = filled;
}
