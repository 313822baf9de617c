using System.Text;

namespace Millrace.Load;

/// <summary>The FNV-1a hash, 32 bits: the same on every machine and in every run, unlike <see cref="string.GetHashCode()"/>.</summary>
/// <remarks>Source: G. Fowler, L. C. Noll, K.-P. Vo, draft-eastlake-fnv.</remarks>
internal static class Fnv1a
{
    public static uint Hash(string text)
    {
        var hash = 2166136261u;
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            hash = unchecked((hash ^ value) * 16777619u);
        }

        return hash;
    }
}
