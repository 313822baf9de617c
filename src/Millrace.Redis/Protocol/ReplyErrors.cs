namespace Millrace.Redis.Protocol;

/// <summary>What a reader of replies throws. Apart from it, so that the texts cost its methods nothing.</summary>
internal static class ReplyErrors
{
    /// <summary>The server's text without the arguments that some errors repeat: they may be secrets.</summary>
    public static RedisServerException OfServer(string text)
    {
        var arguments = text.IndexOf(", with args beginning with", StringComparison.Ordinal);
        return new RedisServerException(arguments < 0 ? text : text[..arguments]);
    }

    public static RedisException Unexpected(string wanted, RespType found) => new(found == RespType.None
        ? $"The reply has fewer values than the command's: it ends where {wanted} was expected."
        : $"The reply is of another type than the command's: {wanted} was expected where {found} stands.");

    public static RedisException NoNumber(string wanted) =>
        new($"The reply is of another type than the command's: {wanted} was expected where other text stands.");

    public static RedisException Malformed(string what) =>
        new($"The bytes are no whole reply: they have {what}. A reader takes whole replies only, and does not check them.");
}
