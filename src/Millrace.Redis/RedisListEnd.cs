namespace Millrace.Redis;

/// <summary>An end of a list.</summary>
public enum RedisListEnd
{
    /// <summary>The head, where index 0 is (<c>LEFT</c>).</summary>
    Left,

    /// <summary>The tail, where index -1 is (<c>RIGHT</c>).</summary>
    Right,
}
