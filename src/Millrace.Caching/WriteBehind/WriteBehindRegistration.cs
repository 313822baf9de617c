namespace Millrace.Caching.WriteBehind;

/// <summary>A registered write-behind.</summary>
/// <param name="CacheName">The cache that it belongs to.</param>
/// <param name="Name">Its name.</param>
/// <param name="ValueType">The type of its values.</param>
/// <param name="Get">The one of the services.</param>
internal sealed record WriteBehindRegistration(string CacheName, string Name, Type ValueType, Func<IServiceProvider, IWriteBehind> Get);
