using Millrace.Realtime;

namespace Township.Modules.Projects;

/// <summary>Who may listen to a project: whoever may see it.</summary>
internal static class ProjectChannels
{
    public static void AddProjectsChannels(this IServiceCollection services) => services.AddMillraceRealtime().AddChannel("project:{id}", channel => channel
        .Authorize(static async (access, token) =>
            (await access.Services.GetRequiredService<ProjectReads>().ViewAsync(access["id"], access.UserId, token)).Succeeded));
}
