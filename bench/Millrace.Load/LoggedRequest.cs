namespace Millrace.Load;

/// <summary>One line of the access log.</summary>
/// <param name="UnixSeconds">When the request came.</param>
/// <param name="Client">Who sent it, hashed.</param>
/// <param name="Method">Its HTTP method.</param>
/// <param name="Path">Its path with the query, as the other site knew it.</param>
internal readonly record struct LoggedRequest(long UnixSeconds, string Client, string Method, string Path);
