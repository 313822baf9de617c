using Millrace.Realtime;

namespace Township.Modules.Organisations;

/// <summary>Who may listen: an organisation's members.</summary>
internal static class OrganisationChannels
{
    public static void AddOrganisationsChannels(this IServiceCollection services) => services.AddMillraceRealtime().AddChannel("org:{id}", channel => channel
        .Authorize(static async (access, token) =>
            access.UserId is { } userId
            && await access.Services.GetRequiredService<OrganisationReads>().RoleAsync(access["id"], userId, token) is not null));
}
