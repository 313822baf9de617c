namespace Millrace.HitRate;

/// <summary>A cache of keys that are small numbers: it keeps no values, only what is in.</summary>
internal abstract class ReplacementPolicy : IDisposable
{
    /// <summary>Asks for a key, and lets it in if it was not in.</summary>
    /// <returns>Whether it was in.</returns>
    public abstract bool Request(int key);

    public virtual void Dispose()
    {
    }
}
