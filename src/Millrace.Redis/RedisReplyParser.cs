namespace Millrace.Redis;

/// <summary>
/// Makes a result of a reply that is no error. It runs on the thread that receives for everybody: it must not block, and copies what it keeps.
/// An exception of its own is thrown to the caller of the command; the connection goes on.
/// </summary>
/// <typeparam name="T">The result.</typeparam>
/// <param name="reader">Stands before the reply's first value; need not be read to the end.</param>
public delegate T RedisReplyParser<out T>(ref RespReader reader);
