namespace Millrace.AspNetCore.Access;

/// <summary>Marks an endpoint as guarded, and says for what; a test enumerates it.</summary>
internal sealed record AccessMetadata(AccessLevel Level);
