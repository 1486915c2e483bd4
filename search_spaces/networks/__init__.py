"""The published networks, by name, in the order of their story."""

from nas.arch.named import Named
from search_spaces.networks.alexnet import alexnet, alexnet_one_tower
from search_spaces.networks.densenet import densenet121
from search_spaces.networks.googlenet import googlenet, googlenet_bn
from search_spaces.networks.lenet import lenet5, lenet5_modern
from search_spaces.networks.mobilenet import mobilenet_v2
from search_spaces.networks.resnet import resnet18, resnet20, resnet50
from search_spaces.networks.resnext import resnext50_32x4d
from search_spaces.networks.senet import se_resnet50
from search_spaces.networks.shufflenet import shufflenet_v1_g3
from search_spaces.networks.vgg import vgg16

_MNIST, _CIFAR, _IMAGENET = (1, 32, 32), (3, 32, 32), (3, 224, 224)

NETWORKS: dict[str, Named] = {
    named.name: named
    for named in (
        Named("lenet5", lenet5, _MNIST, 10, 1998, "LeCun et al., Proc. IEEE 86(11)"),
        Named("lenet5_modern", lenet5_modern, _MNIST, 10, 1998, "LeCun et al., Proc. IEEE 86(11)"),
        Named("alexnet", alexnet, (3, 227, 227), 1000, 2012, "Krizhevsky et al., NIPS 2012"),
        Named("alexnet_one_tower", alexnet_one_tower, _IMAGENET, 1000, 2014, "arXiv:1404.5997"),
        Named("vgg16", vgg16, _IMAGENET, 1000, 2014, "arXiv:1409.1556"),
        Named("googlenet", googlenet, _IMAGENET, 1000, 2014, "arXiv:1409.4842"),
        Named("googlenet_bn", googlenet_bn, _IMAGENET, 1000, 2014, "arXiv:1409.4842"),
        Named("resnet18", resnet18, _IMAGENET, 1000, 2015, "arXiv:1512.03385"),
        Named("resnet50", resnet50, _IMAGENET, 1000, 2015, "arXiv:1512.03385"),
        Named("resnet20", resnet20, _CIFAR, 10, 2015, "arXiv:1512.03385"),
        Named("densenet121", densenet121, _IMAGENET, 1000, 2016, "arXiv:1608.06993"),
        Named("resnext50_32x4d", resnext50_32x4d, _IMAGENET, 1000, 2016, "arXiv:1611.05431"),
        Named("se_resnet50", se_resnet50, _IMAGENET, 1000, 2017, "arXiv:1709.01507"),
        Named("mobilenet_v2", mobilenet_v2, _IMAGENET, 1000, 2018, "arXiv:1801.04381"),
        Named("shufflenet_v1-1.0-g3", shufflenet_v1_g3, _IMAGENET, 1000, 2017, "arXiv:1707.01083"),
    )
}
