using System.Text;

namespace Millrace.Redis;

/// <summary>A member of a sorted set, as a server sent it.</summary>
/// <param name="Member">The member.</param>
/// <param name="Score">Its score; may be infinite.</param>
public readonly record struct RedisScored(byte[] Member, double Score)
{
    /// <summary>The member as text: bytes that are no UTF-8 show as replacement characters.</summary>
    public string MemberText => Encoding.UTF8.GetString(Member);
}
