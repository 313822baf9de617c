namespace Millrace.Redis.Connection;

/// <summary>Makes a result of a reply that is no error. Runs on the connection's reader: it must not block, and copies what it keeps.</summary>
internal delegate T ReplyParser<out T>(ref RespReader reader, RedisOperation operation);
